"""``landbridge doctor``: what this machine and this connection can do, each fault with its remedy."""

import json
import shutil
import subprocess  # noqa: TID251 the probe belongs to the engine, which this package may only start
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from landbridge_client import config
from landbridge_client.errors import ApiError, LandbridgeError
from landbridge_client.rest import Client

SKEW_CAP = 60.0  # seconds; beyond it one-time codes fail
DISK_LOW = 5 * 1024**3  # bytes
PROBE_S = 120.0
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "all_proxy")


@dataclass(frozen=True, slots=True)
class Check:
    """``state`` is ``good``, ``note`` (fine, but know it) or ``fault``."""

    name: str
    state: str
    found: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def diagnose(settings: config.Settings) -> list[Check]:
    """All checks, those of the machine first."""
    return [*_machine(), *_connection(settings)]


def _machine() -> Iterator[Check]:
    python = ".".join(map(str, sys.version_info[:3]))
    yield Check("python", "good", python)
    yield Check("landbridge", "good", version("landbridge"))
    yield _extra("engine", "landbridge_evaluation", "torch")
    free = shutil.disk_usage(Path.cwd()).free
    low = free < DISK_LOW
    yield Check("disk", "note" if low else "good", f"{free // 1024**2} MiB free here", "Make room." if low else "")
    gpu = shutil.which("nvidia-smi")
    yield Check("devices", "good" if gpu else "note", "an NVIDIA driver" if gpu else "no GPU driver: the CPU is used")
    yield _sandbox()
    proxy = next((name for name in PROXIES if config.variable(name)), None)
    yield Check("proxy", "note" if proxy else "good", f"{proxy} is set" if proxy else "none")


def _sandbox() -> Check:
    """The engine's own probe, in a process of its own: it tries to get out of the sandbox, inside and outside."""
    if find_spec("landbridge_evaluation") is None:
        return Check("sandbox", "note", "no engine here", "Only a machine that runs models needs one.")
    words = [sys.executable, "-m", "landbridge_evaluation", "doctor", "--json"]
    try:
        done = subprocess.run(words, capture_output=True, text=True, check=False, timeout=PROBE_S)  # noqa: S603 ours
        said = json.loads(done.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        return Check("sandbox", "note", f"the probe failed: {type(error).__name__}", f"Run: {' '.join(words[1:-1])}")
    if said["passed"]:
        return Check("sandbox", "good", f"{said['version']}: {len(said['checks'])} ways out are closed")
    return Check("sandbox", "note", f"labs' code is refused here ({said['tier']})", said["why"])


def _extra(name: str, package: str, heavy: str) -> Check:
    if find_spec(package) is None or find_spec(heavy) is None:
        return Check(name, "note", f"without {heavy}", "pip install 'landbridge[evaluation]' to evaluate here.")
    try:
        return Check(name, "good", f"{heavy} {version(heavy)}")
    except PackageNotFoundError:
        return Check(name, "note", f"{heavy} of unknown version")


def _connection(settings: config.Settings) -> Iterator[Check]:
    with Client(settings.endpoint, settings.token, wait=lambda _: None) as client:
        try:
            response = client.http.send("GET", "/api/v1/version")
        except LandbridgeError as error:
            yield Check("endpoint", "fault", str(error), "Set LANDBRIDGE_ENDPOINT, or start the server: make run")
            return
        yield Check("endpoint", "good", f"{settings.endpoint} ({response.json().get('version', 'version unknown')})")
        yield _clock(response.headers.get("Date"))
        yield _token(client, settings)


def _clock(date: str | None) -> Check:
    if not date:
        return Check("clock", "note", "the server sends no time")
    skew = (datetime.now(UTC) - parsedate_to_datetime(date)).total_seconds()
    if abs(skew) > SKEW_CAP:
        return Check(
            "clock", "fault", f"{skew:+.0f} s from the server's", "Set this machine's clock: one-time codes fail."
        )
    return Check("clock", "good", f"{skew:+.0f} s from the server's")


def _token(client: Client, settings: config.Settings) -> Check:
    if settings.token is None:
        return Check("token", "note", "none", "Run `landbridge login` to do more than browse.")
    try:
        me = client.me.get()
    except ApiError as error:
        remedy = f"It comes from {settings.source}. Make a new one on your settings page and run `landbridge login`."
        return Check("token", "fault", str(error), remedy)
    scopes = ", ".join(me.scopes) or "all of its owner's"
    return Check("token", "good", f"of {me.username}, scopes: {scopes}")
