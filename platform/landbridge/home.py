"""The folder this instance lives in, and the secrets it made for itself. Nothing is asked; nothing leaves the folder."""

import os
import secrets
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _folder() -> Path:
    """``LANDBRIDGE_HOME``, else ``var/``; a test run has a folder of its own in it."""
    default = ROOT / "var" / ("test" if "PYTEST_VERSION" in os.environ else "")
    return Path(os.environ.get("LANDBRIDGE_HOME") or default).absolute()


HOME = _folder()


def secret(name: str) -> str:
    """The text of ``secrets/NAME``, made on first use, readable by the owner only."""
    folder = HOME / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48))
    return _read(path)


def _read(path: Path) -> str:
    text = path.read_text().strip()
    if not text:  # another process made it a moment ago and is still writing
        raise RuntimeError(f"{path} is empty. Start again; if it stays so, remove the file and a new one is made.")
    return text
