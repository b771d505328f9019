"""The folder this instance lives in, and the secrets it made for itself. Nothing is asked."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def _folder() -> Path:
    """``LANDBRIDGE_HOME``, else ``var/``; a test run has a folder of its own in it."""
    default = ROOT / "var" / ("test" if "PYTEST_VERSION" in os.environ else "")
    return Path(os.environ.get("LANDBRIDGE_HOME") or default).absolute()


HOME = _folder()


def secret(name: str) -> str:
    """The text of ``secrets/NAME``, made on first use, readable by the owner only. Many processes may ask at once."""
    folder = HOME / "secrets"
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=folder)  # mode 0600
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)  # whole or not at all; the first one wins
        Path(draft).unlink()
    return path.read_text()
