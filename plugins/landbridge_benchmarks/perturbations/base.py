"""What every way to disturb a text is made of: edits at code point offsets, and where the old offsets went."""

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from landbridge_plugins import PerturbationSpec, Perturbed

if TYPE_CHECKING:
    import numpy as np

    Rng = np.random.Generator

SHARES = (0.0, 0.05, 0.1, 0.2)  # of what could be changed, by strength
LARGE_SHARES = (0.0, 1 / 3, 2 / 3, 1.0)  # where a part of the changes leaves a text as readable as all of them
LATIN = (
    "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "nb", "no", "fi", "pl", "cs", "sk", "hu", "ro", "hr", "sl",
    "et", "lt", "lv", "tr", "id", "ms", "vi", "ca", "gl", "eu", "ga", "is", "sq", "af", "sw",
)  # fmt: skip  # languages that are written in Latin letters
WORD = re.compile(r"[^\W\d_]+")
SHORT = 4  # letters; a slip in a shorter word often makes another word of it
HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
NEGATIONS = frozenset("不没沒非无無未否勿莫别")  # without them the answer is another one


class Edit(NamedTuple):
    """``text[start:end]`` becomes ``text``; an insertion has ``start == end``."""

    start: int
    end: int
    text: str


Edits = Callable[[str, "Rng", int], Iterable[Edit]]


def of_text(name: str, edits: Edits, *, languages: Sequence[str] = ()) -> PerturbationSpec:
    """The perturbation that ``edits`` makes of a text; its docstring is the description. Offsets are kept."""

    def apply(item: Any, rng: "Rng", strength: int) -> Perturbed:  # noqa: ANN401 the hook's own signature
        text = str(item)
        return applied(text, edits(text, rng, strength) if strength else ())

    return PerturbationSpec(
        name=name,
        apply=apply,
        languages=tuple(languages),
        preserves=("label", "spans"),
        description=" ".join((inspect.getdoc(edits) or "").split()),
    )


def applied(text: str, edits: Iterable[Edit]) -> Perturbed:
    """The edited text. ``alignment`` has ``len(text) + 1`` places: where each old code point offset is now.

    Edits must not overlap. What is inserted belongs to no old span but where it stands inside one: an offset stays
    before it, and only the offset 0 goes behind it.
    """
    parts, alignment, before = list[str](), list[int](), dict[int, int]()
    done = length = 0
    for start, end, new in sorted(edits):
        kept = text[done:start]
        parts += (kept, new)
        alignment += range(length, length + len(kept))
        length += len(kept)
        alignment += (length + min(step, len(new)) for step in range(end - start))
        if start == end and start:
            before.setdefault(start, length)
        length += len(new)
        done = end
    parts.append(text[done:])
    alignment += range(length, length + len(text) - done + 1)
    for place, offset in before.items():
        alignment[place] = offset
    return Perturbed("".join(parts), tuple(alignment))


def chosen(rng: "Rng", places: Sequence[Any], share: float) -> list[Any]:
    """About ``share`` of ``places`` and at least one, in their order."""
    if not places:
        return []
    count = min(len(places), max(1, round(share * len(places))))
    return [places[one] for one in sorted(rng.choice(len(places), size=count, replace=False).tolist())]


def letters(text: str) -> list[int]:
    """Offsets of letters, of words long enough to stay readable if there are any. Digits are never among them."""
    words = list(WORD.finditer(text))
    able = [one for one in words if len(one[0]) >= SHORT or HAN.search(one[0])] or words
    return [place for one in able for place in range(one.start(), one.end())]


def is_han(text: str) -> bool:
    """Whether at least a third of the letters are Han characters."""
    count = sum(one.isalpha() for one in text)
    return count > 0 and 3 * len(HAN.findall(text)) >= count
