"""``--model``: a folder, or ``namespace/name`` on the Hub that ``HF_ENDPOINT`` (or ``landbridge login``) names."""

import re
from dataclasses import dataclass
from pathlib import Path

from landbridge_client import config
from landbridge_client.errors import LandbridgeError
from landbridge_client.hub.client import HubClient
from landbridge_evaluation.errors import LoadFault

HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A model as it was asked for: where it lies now, and what results call it."""

    path: Path
    repo: str
    revision: str


def fetch(model: str, revision: str, folder: Path) -> Named:
    """The folder of ``model``; one on the Hub is fetched into ``folder``. Raises ``LoadFault`` with the reason."""
    path = Path(model)
    if path.is_dir():
        return Named(path=path, repo=path.resolve().name, revision=revision)
    if not HUB_ID.fullmatch(model):
        raise LoadFault(f"There is no model folder at {path}.", code="model_missing")
    settings = config.load()
    try:
        with HubClient(settings.endpoint, settings.token) as hub:
            found = hub.snapshot(model, "model", revision or "main", folder)
    except LandbridgeError as error:
        raise LoadFault(f"{model} cannot be fetched from {settings.endpoint}: {error}", code=error.code) from error
    return Named(path=folder, repo=model, revision=found.commit)
