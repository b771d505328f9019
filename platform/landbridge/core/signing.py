"""The platform's own key, which countersigns results and signs bundles: made on first use, in the instance's folder."""

import contextlib
import os
import secrets
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from landbridge_client import dsse

NAME = "platform-signing.pem"


def platform_signer() -> dsse.Signer:
    """The signer of this instance. Its public half is what ``/api/v1/keys`` lists."""
    return _signer(Path(settings.LANDBRIDGE_HOME))


def make_key(**_: object) -> None:
    """After migrate, so that the key is older than anything it will sign."""
    platform_signer()


@lru_cache(maxsize=8)
def _signer(home: Path) -> dsse.Signer:
    folder = home / "secrets"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / NAME
    if not path.exists():
        aside = folder / f".{NAME}.{secrets.token_hex(8)}"
        dsse.Signer.generate().save(aside)
        with contextlib.suppress(FileExistsError):  # another process was first: its key stands
            os.link(aside, path)  # whole or not at all
        aside.unlink()
    return dsse.Signer.load(path)
