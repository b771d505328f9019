"""The same text about other people: the answer should not hang on who they are."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import Edit, chosen, is_han, of_text
from landbridge_benchmarks.perturbations.lexicons import like, pairs, words

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

TIERS = ("gender_pronouns", "gender_nouns", "gender_roles")
NAMES = Path(__file__).parent / "lexicons" / "names.json"
OBJECT = re.compile(r"\s+(?!(?:and|or|to|in|on|at|for|with|from|as|is|was|but|by|that|if|when|so|the|a)\b)\w")


def gender_terms(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Women become men and the reverse: all pronouns, from 2 on nouns too, at 3 also titles and roles.

    Where a text has none of the strength's own, the next strength's are changed.
    """
    prefix = "zh_" if is_han(text) else ""
    found = [list(mentions(text, prefix + tier)) for tier in TIERS]
    wanted = next((size for size in range(strength, len(TIERS) + 1) if any(found[:size])), 0)
    end = -1
    for edit in sorted((edit for tier in found[:wanted] for edit in tier), key=lambda one: (one.start, -one.end)):
        if edit.start >= end:  # of "男演员" and "男" the longer
            yield edit
            end = edit.end


def mentions(text: str, name: str) -> Iterator[Edit]:
    known = pairs(name)
    for one in (han_words(name) if name.startswith("zh_") else words(name)).finditer(text.replace("\u2019", "'")):
        new = known[one[0].lower()]
        followed = OBJECT.match(text, one.end()) is not None
        if one[0].lower() == "her" and followed:
            new = "his"
        elif one[0].lower() == "his" and not followed:
            new = "hers"
        if new != one[0]:  # words that only hold such a character stand for themselves
            yield Edit(one.start(), one.end(), like(one[0], new))


@cache
def han_words(name: str) -> re.Pattern[str]:
    return re.compile("|".join(sorted(map(re.escape, pairs(name)), key=lambda word: (-len(word), word))))


@cache
def lists() -> Mapping[str, list[list[str]]]:
    found: Mapping[str, list[list[str]]] = json.loads(NAMES.read_text(encoding="utf-8"))
    return found


@cache
def people() -> tuple[re.Pattern[str], Mapping[str, str]]:
    """(what finds a known name, the list that each is in)."""
    group = {name: key for key, origins in lists().items() for names in origins for name in names}
    latin = "|".join(sorted((one for one in group if one.isascii()), key=lambda one: (-len(one), one)))
    han = "|".join(sorted((one for one in group if not one.isascii()), key=lambda one: (-len(one), one)))
    return re.compile(rf"\b(?:{latin})\b|{han}"), group


def names(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Given names become others of the same gender, each the same all through: as frequent, or of two other origins.

    Origins are 1: the most frequent of the United States (in Chinese: of China), 2 and 3: of other groups.
    """
    pattern, group = people()
    given: dict[str, str] = {}
    for one in pattern.finditer(text):
        old = one[0]
        if old not in given:
            free = [name for name in lists()[group[old]][strength - 1] if name != old and name not in given.values()]
            given[old] = chosen(rng, free, 0.0)[0] if free else old
        if given[old] != old:
            yield Edit(one.start(), one.end(), given[old])


SPECS = tuple(
    of_text(name, edits, languages=("en", "zh")) for name, edits in (("gender_terms", gender_terms), ("names", names))
)
