"""Widths, marks, spaces and particles of Chinese texts."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import HAN, LARGE_SHARES, Edit, chosen, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

WIDE = {chr(code): chr(code + 0xFEE0) for code in range(0x21, 0x7F)}
NARROW = {new: old for old, new in WIDE.items()}
MARKS = {
    "，": ",", "。": ".", "；": ";", "：": ":", "！": "!", "？": "?", "、": ",", "（": "(", "）": ")", "“": '"',
    "”": '"', "《": "<", "》": ">", ",": "，", ";": "；", ":": "：", "!": "！", "?": "？", "(": "（", ")": "）",
    "-": "—", "～": "~",
}  # fmt: skip
ENDS = "。！？；!?;"
PARTICLES = "啊呢吧嘛呀啦哦"
FILLERS = ("那个，", "嗯，", "就是说，", "然后，")
CLAUSE = re.compile(rf"[^，,{ENDS}]+")
SPACED = (0.0, 0.1, 0.3, 1.0)


def zh_fullwidth(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Latin letters, digits and marks change their width, half to full and the reverse: a third, two thirds or all."""
    widths = WIDE | NARROW
    places = [one for one, char in enumerate(text) if char in widths]
    yield from (Edit(place, place + 1, widths[text[place]]) for place in chosen(rng, places, LARGE_SHARES[strength]))


def zh_punctuation(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Chinese marks become Western ones and the reverse, or are lost: a third, two thirds or all of them.

    A text that ends without a mark gets one. Numbers keep theirs.
    """
    digits = [False, *(char.isdigit() for char in text), False]
    places = [one for one, char in enumerate(text) if char in MARKS and not (digits[one] and digits[one + 2])]
    for place in chosen(rng, places, LARGE_SHARES[strength]):
        yield Edit(place, place + 1, MARKS[text[place]] if rng.random() < 0.5 else "")  # noqa: PLR2004 one half
    if HAN.search(text[-1:]):
        yield Edit(len(text), len(text), "。" if rng.random() < 0.5 else "．")  # noqa: PLR2004 one half


def zh_spaces(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Spaces stand between characters, as in texts taken from PDF files: after 10 %, 30 % or all of them."""
    places = [one.end() for one in HAN.finditer(text) if one.end() < len(text) and not text[one.end()].isspace()]
    yield from (Edit(place, place, " ") for place in chosen(rng, places, SPACED[strength]))


def zh_particle(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Modal particles (啊, 呢, 吧) end a third, two thirds or all of the clauses; at 3 some begin with a filler."""
    clauses = [one for one in CLAUSE.finditer(text) if HAN.search(one[0])]
    for clause in chosen(rng, clauses, LARGE_SHARES[strength]):
        end = clause.start() + len(clause[0].rstrip())
        if strength == 3 and rng.random() < 0.5:  # noqa: PLR2004 the strongest, one half
            yield Edit(clause.start(), clause.start(), FILLERS[int(rng.integers(0, len(FILLERS)))])
        yield Edit(end, end, PARTICLES[int(rng.integers(0, len(PARTICLES)))])


SPECS = tuple(
    of_text(name, edits, languages=("zh",))
    for name, edits in (
        ("zh_fullwidth", zh_fullwidth),
        ("zh_punctuation", zh_punctuation),
        ("zh_spaces", zh_spaces),
        ("zh_particle", zh_particle),
    )
)
