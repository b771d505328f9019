"""Word lists of our own, one pair a line: what stands in a text, and what it becomes."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def pairs(name: str) -> Mapping[str, str]:
    """The list ``name``. Its words are small, with their apostrophes straight."""
    found: list[tuple[str, str]] = json.loads((Path(__file__).parent / f"{name}.json").read_text(encoding="utf-8"))
    return {old.lower(): new for old, new in found}


@cache
def words(name: str) -> re.Pattern[str]:
    """Finds whole words of the list ``name``, in any case, the longer first."""
    known = sorted(pairs(name), key=lambda word: (-len(word), word))
    return re.compile(rf"(?<![\w'])(?:{'|'.join(map(re.escape, known))})(?![\w'])", re.IGNORECASE)


def like(old: str, new: str) -> str:
    """``new`` in the case of ``old``: CAPITALS, a capital first, or as it is."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new
