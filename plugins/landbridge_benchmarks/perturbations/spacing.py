"""Slips between words, in any script: spaces, and marks of punctuation."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import SHARES, WORD, Edit, chosen, is_han, letters, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

MARKS, HAN_MARKS = ",.;:!?", "，。；：！？、"


def spaces(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Spaces are lost or doubled, 10, 20 or 40 % of them, and stand inside words, at 2.5, 5 or 10 % of places."""
    able = set(letters(text))
    gaps = [one for one, char in enumerate(text) if char == " " and 0 < one < len(text) - 1]
    inner = [one for one in sorted(able) if one - 1 in able]
    places = sorted((*chosen(rng, gaps, 2 * SHARES[strength]), *chosen(rng, inner, SHARES[strength] / 2)))
    for place in places:
        if text[place] == " ":
            yield Edit(place, place + 1, "" if rng.random() < 0.5 else "  ")  # noqa: PLR2004 one half
        else:
            yield Edit(place, place, " ")


def punctuation(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Marks are lost or doubled, 10, 20 or 40 % of them, and others stand after 5, 10 or 20 % of words.

    Numbers keep their points and commas.
    """
    marks = HAN_MARKS if is_han(text) else MARKS
    there = [
        one
        for one, char in enumerate(text)
        if char in MARKS + HAN_MARKS and not (text[one - 1 : one].isdigit() and text[one + 1 : one + 2].isdigit())
    ]
    ends = [one.end() for one in WORD.finditer(text)]
    for place in chosen(rng, there, 2 * SHARES[strength]):
        yield Edit(place, place + 1, "" if rng.random() < 0.5 else text[place] * 2)  # noqa: PLR2004 one half
    for place in chosen(rng, ends, SHARES[strength]):
        yield Edit(place, place, marks[int(rng.integers(0, len(marks)))])


SPECS = (of_text("spaces", spaces), of_text("punctuation", punctuation))
