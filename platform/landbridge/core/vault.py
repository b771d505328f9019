"""Secrets at rest: sealed with a key that lies in the instance's folder, so that a copied database tells nothing."""

import base64
import hashlib
import hmac
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken

from landbridge import home


class Unreadable(Exception):
    """Sealed with another key, or altered."""


def seal(text: str, *, purpose: str) -> str:
    """``text``, readable again only by ``unseal`` with the same ``purpose`` on this instance."""
    return _box(purpose).encrypt(text.encode()).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    try:
        return _box(purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable(
            f"A stored secret ({purpose}) cannot be read: secrets/vault in the instance's folder is not the key that "
            "sealed it. Restore that file from the backup of the same day."
        ) from error


@lru_cache(maxsize=64)
def _box(purpose: str) -> Fernet:
    """One key per purpose, so that what was sealed for one is noise to another."""
    key = hmac.new(home.secret("vault").encode(), purpose.encode(), hashlib.sha256).digest()
    return Fernet(base64.urlsafe_b64encode(key))
