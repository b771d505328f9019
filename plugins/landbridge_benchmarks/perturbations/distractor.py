"""Sentences that have nothing to do with the text."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from landbridge_benchmarks.perturbations.base import WORD, Edit, chosen, is_han, of_text

if TYPE_CHECKING:
    from landbridge_benchmarks.perturbations.base import Rng

ENGLISH = (
    "This was written on a Tuesday.", "The page has a number in its corner.", "It is four in the afternoon here.",
    "The window of this room looks north.", "A bus stops in front of the house.", "The clock on the wall ticks.",
    "There are nine chairs at the table.", "The pencil lies next to the notebook.",
)  # fmt: skip
CHINESE = (
    "这段话写于星期二。", "页面的一角有编号。", "现在是下午四点。", "这个房间的窗户朝北。", "房子前面有一个公交车站。",
    "墙上的钟在走。", "桌子旁边有九把椅子。", "铅笔放在笔记本旁边。",
)  # fmt: skip
ADDRESSES = tuple(f"https://example.org/{code}" for code in ("a4x", "b7k", "c2m", "d9r", "e5t", "f8w", "g3z", "h6q"))


def distractor(text: str, rng: "Rng", strength: int) -> Iterator[Edit]:
    """One, two or three sentences at the end that say nothing of it: in Chinese, English, else a link."""
    found = pool(text)
    said = chosen(rng, found, strength / len(found))
    between = "" if found is CHINESE else " "
    end = len(text.rstrip())
    if end:
        stop = "" if not text[end - 1].isalnum() else "。" if found is CHINESE else "."
        yield Edit(end, len(text), stop + between + between.join(said))


def pool(text: str) -> tuple[str, ...]:
    if is_han(text):
        return CHINESE
    latin = sum(one.isascii() for word in WORD.findall(text) for one in word)
    return ENGLISH if 2 * latin >= sum(map(len, WORD.findall(text))) else ADDRESSES


SPECS = (of_text("distractor", distractor),)
