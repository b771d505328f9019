"""Slips of keyboards and scanners, and of case, in texts of Latin letters."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import LARGE_SHARES, LATIN, SHARES, WORD, Edit, chosen, letters, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBORS = {
    char: "".join(
        near[one]
        for other, near in enumerate(ROWS)
        if abs(other - row) <= 1
        for one in range(max(0, column - 1), min(len(near), column + 2))
        if near[one] != char
    )
    for row, line in enumerate(ROWS)
    for column, char in enumerate(line)
}
# What optical recognition confuses, the longer first.
SHAPES = {
    "rn": "m", "cl": "d", "vv": "w", "ii": "u", "nn": "m", "ri": "n", "li": "h", "m": "rn", "w": "vv", "d": "cl",
    "l": "1", "i": "l", "o": "0", "e": "c", "c": "e", "h": "b", "b": "h", "s": "5", "g": "9", "a": "o", "u": "v",
    "t": "f", "f": "t", "n": "u", "O": "0", "I": "l", "S": "5", "B": "8", "Z": "2", "G": "6", "D": "O", "T": "7",
}  # fmt: skip
LOOK = re.compile("|".join(SHAPES))
WHOLE = re.compile(rf"{WORD.pattern}(?:['’]{WORD.pattern})*")  # with its apostrophes


def typo_keyboard(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Letters become their neighbors on a QWERTY keyboard: 5, 10 or 20 % of them."""
    places = [one for one in letters(text) if text[one].lower() in NEIGHBORS]
    for place in chosen(rng, places, SHARES[strength]):
        near = NEIGHBORS[text[place].lower()]
        new = near[int(rng.integers(0, len(near)))]
        yield Edit(place, place + 1, new.upper() if text[place].isupper() else new)


def ocr(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Letters become what a scanner takes them for (rn and m, l and 1): 5, 10 or 20 % of those there are."""
    for found in chosen(rng, list(LOOK.finditer(text)), SHARES[strength]):
        yield Edit(found.start(), found.end(), SHAPES[found[0]])


def lower(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Capital letters become small: in a third, two thirds or all of the words that have any."""
    for word in chosen(rng, [one for one in WHOLE.finditer(text) if one[0].lower() != one[0]], LARGE_SHARES[strength]):
        yield from cased(word, word[0].lower())


def upper(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Small letters become capitals: in a third, two thirds or all of the words that have any."""
    for word in chosen(rng, [one for one in WHOLE.finditer(text) if one[0].upper() != one[0]], LARGE_SHARES[strength]):
        yield from cased(word, word[0].upper())


def cased(word: re.Match[str], new: str) -> Iterator[Edit]:
    """Letter by letter where that is as long, so that offsets inside of the word stay."""
    if len(new) != len(word[0]):
        yield Edit(word.start(), word.end(), new)
        return
    for place, (old, char) in enumerate(zip(word[0], new, strict=True), word.start()):
        if old != char:
            yield Edit(place, place + 1, char)


SPECS = tuple(
    of_text(name, edits, languages=LATIN)
    for name, edits in (("typo_keyboard", typo_keyboard), ("ocr", ocr), ("lower", lower), ("upper", upper))
)
