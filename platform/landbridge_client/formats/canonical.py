"""Canonical JSON (RFC 8785), so that equal values have equal bytes and equal digests.

Narrower than the RFC on purpose: keys are ASCII (then sorting by code point, by UTF-16 and by byte agree) and there are
no floats (decimals travel as strings), because those two are where implementations differ.
"""

import json

from landbridge_client.formats.errors import FormatError

EXACT = 2**53 - 1  # beyond this a JSON number is not exact everywhere
DEPTH = 64


def canonical_json(value: object) -> bytes:
    """The one UTF-8 encoding of ``value``: sorted keys, no spaces.

    Raises ``FormatError`` (``not_canonical``) for floats, integers beyond 2**53, keys that are not ASCII text,
    lone surrogates, values that JSON lacks, and nesting deeper than 64.
    """
    _check(value, "", 0)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise FormatError("not_canonical", "A text holds half of a surrogate pair; it is not valid Unicode.") from error


def _check(value: object, where: str, depth: int) -> None:
    if depth > DEPTH:
        raise FormatError("not_canonical", f"Nested deeper than {DEPTH} at {where}.")
    match value:
        case None | bool() | str():
            return
        case int():
            if abs(value) > EXACT:
                raise FormatError("not_canonical", f"{where or '/'}: {value} is too large; write it as a string.")
        case dict():
            for key, item in value.items():
                if not (isinstance(key, str) and key.isascii()):
                    raise FormatError("not_canonical", f"{where or '/'}: the key {key!r} is not ASCII text.")
                _check(item, f"{where}/{key}", depth + 1)
        case list() | tuple():
            for index, item in enumerate(value):
                _check(item, f"{where}/{index}", depth + 1)
        case _:
            kind = type(value).__name__
            raise FormatError("not_canonical", f"{where or '/'}: {kind} has no canonical form; write it as a string.")
