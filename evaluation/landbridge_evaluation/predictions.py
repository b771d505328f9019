"""Answers as metrics see them."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What a model said of one row. Which fields are set follows from the task's kind."""

    label: str = ""  # the label, or the text of the choice, that is likeliest
    probabilities: Mapping[str, float] = field(default_factory=dict)  # by label, they sum to 1
    logprobs: tuple[float, ...] = ()  # per choice; rolling: one
    choices: tuple[str, ...] = ()
    chosen: int = -1  # the likeliest choice's place
    text: str = ""
    tokens: int = 0
    tags: tuple[str, ...] = ()
    span: tuple[int, int] = (-1, -1)
    similarity: float = 0.0
    hits: tuple[bool, ...] = ()  # by rank: whether the candidate at that rank is relevant
    relevant: int = 0  # how many relevant candidates there are
    fault: bool = False  # the row itself is faulty: it counts as wrong
