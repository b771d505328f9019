"""Letters that look the same and are others."""

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import SHARES, Edit, chosen, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

LATIN = dict(zip("aceijopsxyABCEHIJKMOPSTXYZ", "асеіјорѕхуАВСЕНІЈКМОРЅТХУΖ", strict=True))
GREEK = dict(zip("αονΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aovABEZHIKMNOPTYX", strict=True))
# Letters that Unicode encodes a second time: radicals, compatibility ideographs, half-width kana, Arabic forms.
BLOCKS = ((0x2F00, 0x2FD6), (0xF900, 0xFADA), (0xFF66, 0xFF9E), (0xFE80, 0xFEFD), (0xFFA1, 0xFFDD))


@cache
def table() -> dict[str, str]:
    """From a letter to its double: Cyrillic, Greek and Latin by shape, others by Unicode's own decompositions."""
    found = {**{new: old for old, new in LATIN.items()}, **GREEK, **LATIN}
    for first, after in BLOCKS:
        for code in range(first, after):
            plain = unicodedata.normalize("NFKC", chr(code))
            if len(plain) == 1 and plain != chr(code):
                found.setdefault(plain, chr(code))
    return found


def homoglyph(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Letters become others of the same shape (Cyrillic, Greek, Han radicals): 5, 10 or 20 % of those there are."""
    doubles = table()
    places = [one for one, char in enumerate(text) if char in doubles]
    yield from (Edit(place, place + 1, doubles[text[place]]) for place in chosen(rng, places, SHARES[strength]))


SPECS = (of_text("homoglyph", homoglyph),)
