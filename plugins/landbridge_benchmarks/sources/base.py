"""What every source of rows looks like, whatever it reads."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
Rows = Callable[[], Iterator[Row]]


class UnknownSource(LookupError):
    """No such dataset, configuration or split. The message names what there is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Rows of JSON-able values by split, and what has to be said about them.

    ``features`` follows the Hugging Face form. Values of a ``ClassLabel`` are its names, never its numbers; the bytes
    of an ``Image`` or ``Audio`` are base64 text and say so (``"encoding": "base64"``).
    ``label_columns`` are what a model must not see: targets, groups, clusters.
    """

    ref: str
    config: str
    title: str
    license: str  # an SPDX expression
    commercial: bool
    languages: tuple[str, ...]
    splits: Mapping[str, Rows]
    features: Mapping[str, Mapping[str, Any]]
    label_columns: tuple[str, ...]
    readme: str = field(repr=False)  # the whole card, front matter first


def string() -> Mapping[str, Any]:
    return {"_type": "Value", "dtype": "string"}


def class_label(names: tuple[str, ...]) -> Mapping[str, Any]:
    return {"_type": "ClassLabel", "names": list(names)}


def place_of(text: str) -> float:
    """Where ``text`` falls in [0, 1): splits cut this line, so one text never stands in two of them."""
    return int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def split_by(text: str, cuts: Mapping[str, tuple[float, float]]) -> str:
    """The split whose stretch holds ``text``; what no stretch holds is for training."""
    place = place_of(text)
    return next((split for split, (start, end) in cuts.items() if start <= place < end), "train")


def card(*, title: str, license: str, languages: tuple[str, ...], task: str, body: str) -> str:  # noqa: A002 a card's own word
    """A dataset card as the Hub writes them."""
    lines = ["---", f"pretty_name: {title}", f"license: {license.lower()}", "language:"]
    lines += [f"- {language}" for language in languages]
    lines += ["task_categories:", f"- {task}", "---", "", f"# {title}", "", body.strip(), ""]
    return "\n".join(lines)
