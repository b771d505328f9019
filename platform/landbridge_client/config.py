"""Where the client is pointed: ``LANDBRIDGE_ENDPOINT`` and ``_TOKEN``, else Hugging Face's, else a private file."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from landbridge_client.errors import LandbridgeError

DEFAULT_ENDPOINT = "http://127.0.0.1:8000"


@dataclass(frozen=True, slots=True)
class Settings:
    """``source`` says where the token came from, for people who wonder."""

    endpoint: str
    token: str | None
    source: str


def variable(name: str) -> str | None:
    """An environment variable that is set and not empty."""
    return os.environ.get(name) or None


def settings_file(environment: Mapping[str, str] = os.environ) -> Path:
    home = environment.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "landbridge" / "credentials.json"


def load(
    endpoint: str | None = None, token: str | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Arguments first, then ``LANDBRIDGE_*``, then ``HF_*``, then the file of ``landbridge login``.

    Endpoint and token come from the same place: a token is not sent to another server than its own.
    """
    found = _first(environment)
    if endpoint and endpoint.rstrip("/") != found.endpoint:
        found = Settings(endpoint.rstrip("/"), None, "the command line")
    return replace(found, token=token, source="the command line") if token else found


def _first(environment: Mapping[str, str]) -> Settings:
    stored = read_file(settings_file(environment))
    pairs = {
        "LANDBRIDGE": (environment.get("LANDBRIDGE_ENDPOINT"), environment.get("LANDBRIDGE_TOKEN")),
        "HF": (environment.get("HF_ENDPOINT"), environment.get("HF_TOKEN")),
    }
    for prefix, (endpoint, token) in pairs.items():
        if endpoint:
            same = stored is not None and stored.endpoint == endpoint.rstrip("/")
            kept = stored.token if stored is not None and same else None
            return Settings(endpoint.rstrip("/"), token or kept, f"{prefix}_TOKEN" if token else "the settings file")
        if token and prefix == "LANDBRIDGE":
            return Settings(stored.endpoint if stored else DEFAULT_ENDPOINT, token, "LANDBRIDGE_TOKEN")
    return stored or Settings(DEFAULT_ENDPOINT, None, "nowhere: run `landbridge login`")


def read_file(place: Path) -> Settings | None:
    """What ``landbridge login`` stored. Raises ``LandbridgeError`` if others can read the file."""
    try:
        raw = json.loads(place.read_text("utf-8"))
        mode = place.stat().st_mode
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise LandbridgeError(
            f"{place} cannot be read ({error}). Run `landbridge logout`, then `landbridge login`."
        ) from error
    if os.name == "posix" and mode & 0o077:
        raise LandbridgeError(f"Others can read your token in {place}. Run: chmod 600 {place}", code="token_readable")
    return Settings(str(raw["endpoint"]), raw.get("token"), str(place))


def write_file(settings: Settings, place: Path) -> None:
    """Replace the file in one step; it is private from its first byte."""
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = place.with_suffix(".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"endpoint": settings.endpoint, "token": settings.token}, stream)
    draft.replace(place)
