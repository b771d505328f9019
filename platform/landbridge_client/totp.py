"""The one-time code of an authenticator app (RFC 6238), for programs that hold the secret."""

import base64
import binascii
import hmac
import struct
from time import time

from landbridge_client.formats.errors import FormatError

STEP = 30  # seconds
DIGITS = 6


def code(secret: str, at: float | None = None) -> str:
    """Six digits for the base32 ``secret`` at ``at`` (seconds since 1970, default now)."""
    text = secret.replace(" ", "").upper()
    try:
        key = base64.b32decode(text + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise FormatError("totp_secret", "The TOTP secret is not base32.") from error
    counter = int(time() if at is None else at) // STEP
    digest = hmac.digest(key, struct.pack(">Q", counter), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**DIGITS:0{DIGITS}d}"
