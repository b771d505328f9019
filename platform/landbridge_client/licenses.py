"""Which license ids a card may name, and the SPDX expression each stands for.

``licenses.json`` holds the ids that Hugging Face cards use and common SPDX ids, lower case, with their SPDX spelling;
terms that SPDX does not list become a ``LicenseRef-``. Family ids (``cc``, ``gpl``…) say too little to be a license.
"""

import difflib
import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from landbridge_client.formats.cards import Card
from landbridge_client.formats.errors import FormatError

OTHER = "other"
UNKNOWN = "unknown"
REFERENCE = re.compile(r"licenseref-[a-z0-9.-]{1,80}")
WORD = re.compile(r"\(|\)|[^\s()]+")
OPERATORS = ("and", "or")
LENGTH_CAP = 200


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(files("landbridge_client").joinpath("licenses.json").read_text("utf-8"))
    return table


def known() -> dict[str, str]:
    """Lower-case id → SPDX expression."""
    found: dict[str, str] = _table()["known"]
    return found


def families() -> tuple[str, ...]:
    return tuple(_table()["families"])


def expression_of(card: Card) -> str:
    """The SPDX expression that a card declares; several licenses in its list are joined by ``AND``.

    Raises ``FormatError``: ``card_license_missing``, ``license_unknown``.
    """
    declared = card.licenses
    if not declared:
        raise FormatError(
            "card_license_missing",
            "README.md names no license. Add a line such as `license: apache-2.0` to its front matter.",
        )
    parts = [_one(text.strip(), card) for text in declared]
    return parts[0] if len(parts) == 1 else " AND ".join(f"({part})" if " " in part else part for part in parts)


def _one(text: str, card: Card) -> str:
    lowered = text.lower()
    if lowered == OTHER:
        return _other(card)
    if lowered == UNKNOWN or lowered in families():
        raise FormatError(
            "license_unknown",
            f"`license: {text}` does not say which terms hold. Name one license, such as "
            f"`{_nearest(lowered)}`, or `other` with `license_name` and `license_link`.",
        )
    return _expression(text)


def _other(card: Card) -> str:
    name = re.sub(r"[^A-Za-z0-9.-]+", "-", str(card.data.get("license_name") or "")).strip("-")
    if not name:
        raise FormatError(
            "license_unknown", "`license: other` needs a `license_name` (and a `license_link`) in the front matter."
        )
    return f"LicenseRef-{name[:80]}"


def _expression(text: str) -> str:
    """Translate word by word: ids, ``AND``, ``OR`` and balanced parentheses."""
    words = WORD.findall(text[: LENGTH_CAP + 1])
    if len(text) > LENGTH_CAP:
        raise FormatError("license_unknown", f"The license expression is longer than {LENGTH_CAP} characters.")
    shape = "".join(_kind(word) for word in words)
    for _ in range(len(shape)):
        shape = shape.replace("(i)", "i").replace("ioi", "i")
    if shape != "i":
        raise FormatError("license_unknown", f"`{text}` is not a license expression such as `apache-2.0 OR mit`.")
    spelled = (word.upper() if word.lower() in OPERATORS else word if word in "()" else _id(word) for word in words)
    return " ".join(spelled).replace("( ", "(").replace(" )", ")")


def _kind(word: str) -> str:
    return word if word in "()" else "o" if word.lower() in OPERATORS else "i"


def _id(word: str) -> str:
    lowered = word.lower()
    if REFERENCE.fullmatch(lowered):
        return "LicenseRef-" + word[len("licenseref-") :]
    found = known().get(lowered)
    if found is None:
        raise FormatError(
            "license_unknown",
            f"`{word}` is not a known license id. Did you mean `{_nearest(lowered)}`? For your own terms write "
            "`license: other` with `license_name` and `license_link`.",
        )
    return found


def _nearest(text: str) -> str:
    return next(iter(difflib.get_close_matches(text, known(), n=1, cutoff=0.3)), "apache-2.0")
