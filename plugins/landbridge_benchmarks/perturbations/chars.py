"""Slips of single letters, in any script."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import NEGATIONS, SHARES, Edit, chosen, letters, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng


def swap(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Two neighboring letters change places, as fast typing does it: 5, 10 or 20 % of pairs."""
    able = set(letters(text))
    pairs = [one for one in sorted(able) if one + 1 in able and text[one] != text[one + 1]]
    last = -1
    for place in chosen(rng, pairs, SHARES[strength]):
        if place > last:  # pairs that share a letter: only the first is swapped
            yield Edit(place, place + 2, text[place + 1] + text[place])
            last = place + 1


def drop(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Letters are left out: 5, 10 or 20 % of them, and never a Chinese negation."""
    able = [one for one in letters(text) if text[one] not in NEGATIONS]
    if len(able) > 1:
        yield from (Edit(place, place + 1, "") for place in chosen(rng, able, SHARES[strength]))


def repeat(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Letters stand twice: 5, 10 or 20 % of them."""
    yield from (Edit(place, place + 1, text[place] * 2) for place in chosen(rng, letters(text), SHARES[strength]))


SPECS = (of_text("char_swap", swap), of_text("char_drop", drop), of_text("char_repeat", repeat))
