"""Other spellings of English words: contracted, across the Atlantic, and as they are often misspelled."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import LARGE_SHARES, SHARES, Edit, chosen, of_text
from landbridge_benchmarks.perturbations.lexicons import like, pairs, words

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

HAS = re.compile(r" (?:been|got|had|become|gone)\b")  # "it's been" is "it has been"
OPEN = re.compile(r" \w")  # "I know what it is." cannot be contracted


def contraction(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Short forms are written out and long ones contracted (do not, don't): a third, two thirds or all of them."""
    yield from replaced(text, rng, "contraction", LARGE_SHARES[strength])


def british_american(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """British words and spellings become American ones and the reverse: a third, two thirds or all of them."""
    yield from replaced(text, rng, "british_american", LARGE_SHARES[strength])


def misspelling(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Words are written as people often misspell them (recieve, teh): 10, 20 or 40 % of those there are."""
    yield from replaced(text, rng, "misspelling", 2 * SHARES[strength])


def replaced(text: str, rng: "Rng", name: str, share: float) -> Iterator[Edit]:
    straight, known = text.replace("\u2019", "'"), pairs(name)  # one character for one: offsets stay
    able = [one for one in words(name).finditer(straight) if fits(straight, one, known[one[0].lower()])]
    for found in chosen(rng, able, share):
        yield Edit(found.start(), found.end(), like(found[0], known[found[0].lower()]))


def fits(text: str, found: re.Match[str], new: str) -> bool:
    """Whether ``new`` can stand there: what is contracted needs a word behind it, and "'s" may be "has"."""
    if "'" in new and not new.endswith("n't"):
        return OPEN.match(text, found.end()) is not None
    return not ("'s" in found[0] and HAS.match(text, found.end()))


SPECS = tuple(
    of_text(name, edits, languages=("en",))
    for name, edits in (
        ("contraction", contraction),
        ("british_american", british_american),
        ("misspelling", misspelling),
    )
)
