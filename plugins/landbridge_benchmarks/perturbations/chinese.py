"""Chinese characters that sound or look like the right one, and the traditional ones."""

from collections.abc import Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from landbridge_benchmarks.perturbations.base import HAN, LARGE_SHARES, NEGATIONS, SHARES, Edit, chosen, of_text
from landbridge_benchmarks.perturbations.lexicons import pairs

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

LEVEL_ONE = range(0xB0, 0xD8)  # rows of GB 2312 that hold its 3,755 most frequent characters
CELLS = range(0xA1, 0xFF)


def zh_homophone(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Characters become frequent ones of the same sound and tone, as input by pinyin slips: 5, 10 or 20 %.

    A character is read as its word says (pypinyin). Negations stay.
    """
    read, known = readings(text), by_sound()
    places = [place for place, sound in read.items() if text[place] not in NEGATIONS and len(known.get(sound, "")) > 1]
    for place in chosen(rng, places, SHARES[strength]):
        others = known[read[place]].replace(text[place], "")
        yield Edit(place, place + 1, others[int(rng.integers(0, len(others)))])


def readings(text: str) -> dict[int, str]:
    """The sound of each Han character, with its tone, by its offset."""
    from pypinyin import Style, lazy_pinyin

    each: Any = list  # what has no sound comes back one by one; their types tell of texts alone
    read = partial(lazy_pinyin, style=Style.TONE3, errors=each, neutral_tone_with_five=True)
    sounds: list[str] = read(text)
    if len(sounds) != len(text):  # a character outside of the tables: each is read by itself
        sounds = [read(one)[0] for one in text]
    return {place: sounds[place] for place, char in enumerate(text) if HAN.match(char)}


@cache
def by_sound() -> dict[str, str]:
    """The most frequent characters by their first reading, in the order of GB 2312."""
    found: dict[str, str] = {}
    for row in LEVEL_ONE:
        for cell in CELLS:
            char = bytes((row, cell)).decode("gb2312", "ignore")
            for sound in readings(char).values():
                found[sound] = found.get(sound, "") + char
    return found


def zh_shape(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Characters become ones that look like them (己已巳, 未末), as in hasty writing or scans: 5, 10 or 20 %."""
    known = pairs("zh_shape")
    for place in chosen(rng, [one for one, char in enumerate(text) if char in known], SHARES[strength]):
        others = known[text[place]]
        yield Edit(place, place + 1, others[int(rng.integers(0, len(others)))])


@cache
def converter() -> Any:  # noqa: ANN401 a library without types
    from opencc import OpenCC

    return OpenCC("s2t")


def zh_traditional(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """Simplified characters become traditional, as their words say (OpenCC): a third, two thirds or all of them."""
    new: str = converter().convert(text)
    if len(new) != len(text):  # no entry of this table does it, but nothing promises it
        new = "".join(converter().convert(one) for one in text)
    places = [one for one, (old, other) in enumerate(zip(text, new, strict=False)) if old != other]
    yield from (Edit(place, place + 1, new[place]) for place in chosen(rng, places, LARGE_SHARES[strength]))


SPECS = tuple(
    of_text(name, edits, languages=("zh",))
    for name, edits in (("zh_homophone", zh_homophone), ("zh_shape", zh_shape), ("zh_traditional", zh_traditional))
)
