"""The instance's own keys, files in its folder: the platform's, which countersigns results, and the root above it.

The root signs the list of keys and nothing else. An instance makes one for itself, so that its list is signed from the
first minute; an operator moves it off the machine (``manage.py signing_root detach``), and from then on the list that
was signed last is served.
"""

import contextlib
import json
import os
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from landbridge_client import dsse
from landbridge_client.formats.errors import FormatError

NAME = "platform-signing.pem"
NEXT = "platform-signing-next.pem"  # prepared: listed, and signed by the root, before it signs anything
ROOT = "root-signing.pem"
SIGNED = "keys-signed.json"  # the envelope of the last ceremony


def platform_signer() -> dsse.Signer:
    """The signer of this instance. Its public half is what ``/api/v1/keys`` lists."""
    return _signer(_make(NAME))


def next_signer() -> dsse.Signer:
    """The key that follows, made on first use."""
    return _signer(_make(NEXT))


def has_next() -> bool:
    return (folder() / NEXT).exists()


def promote() -> dsse.Signer:
    """The prepared key takes the place of the platform's, whose private half is gone: it signs nothing any more."""
    (folder() / NEXT).replace(folder() / NAME)
    return platform_signer()


def root_signer() -> dsse.Signer | None:
    """The root, while it lies on this machine: made on first use, and never again once another list was signed."""
    path = folder() / ROOT
    if not path.exists() and (folder() / SIGNED).exists():
        return None
    return _signer(_make(ROOT))


def signed_list() -> dict[str, Any] | None:
    """The envelope around the list of keys that was signed last and elsewhere."""
    path = folder() / SIGNED
    if not path.exists():
        return None
    envelope: dict[str, Any] = json.loads(path.read_text())
    return envelope


def keep_signed(envelope: dict[str, Any]) -> None:
    aside = folder() / f".{SIGNED}.{secrets.token_hex(8)}"
    aside.write_text(json.dumps(envelope))
    aside.replace(folder() / SIGNED)


def root_key() -> dsse.Key | None:
    """The root's public key: of the one that is here, else of the one that signed the list."""
    here = root_signer()
    if here is not None:
        return here.key
    envelope = signed_list()
    if envelope is None:
        return None
    return dsse.Key.from_hex(str(envelope["signatures"][0].get("public", "")))


def detach_root(place: Path, envelope: dict[str, Any]) -> None:
    """Move the root to ``place``; ``envelope`` is what it signed last. Raises ``FormatError`` if it is not here."""
    root = root_signer()
    if root is None:
        raise FormatError("no_root", "The root does not lie on this machine any more.")
    root.save(place)
    keep_signed(envelope)
    (folder() / ROOT).unlink()


def make_key(**_: object) -> None:
    """After migrate, so that the keys are older than anything they will sign."""
    platform_signer()
    root_signer()


def made_at() -> float:
    """When the platform's key was made, in seconds since 1970."""
    return _make(NAME).stat().st_mtime


def folder() -> Path:
    place = Path(settings.LANDBRIDGE_HOME) / "secrets"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _make(name: str) -> Path:
    path = folder() / name
    if not path.exists():
        aside = folder() / f".{name}.{secrets.token_hex(8)}"
        dsse.Signer.generate().save(aside)
        with contextlib.suppress(FileExistsError):  # another process was first: its key stands
            os.link(aside, path)  # whole or not at all
        aside.unlink()
    return path


def _signer(path: Path) -> dsse.Signer:
    """Read again when the file was replaced: other processes follow a rotation at once."""
    seen = path.stat()
    return _loaded(path, seen.st_ino, seen.st_mtime_ns)


@lru_cache(maxsize=16)
def _loaded(path: Path, _inode: int, _changed: int) -> dsse.Signer:
    return dsse.Signer.load(path)
