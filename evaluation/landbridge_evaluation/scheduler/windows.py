"""What is asked: tokens to feed, and the targets of the last places. What is found: a number per target."""

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Counters = MutableMapping[str, float]


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens to feed, and the targets of the last ``len(targets)`` places."""

    request: int
    tokens: list[int]
    targets: list[int]

    @property
    def begin(self) -> int:
        """The first place whose next token is scored."""
        return len(self.tokens) - len(self.targets)


@dataclass(frozen=True, slots=True)
class Found:
    """Per target, windows in order: its log-probability (fp64), and whether it is the first choice."""

    logprobs: Floats
    greedy: NDArray[np.bool_]


def empty(windows: Sequence[Window]) -> Found:
    count = sum(len(window.targets) for window in windows)
    return Found(np.zeros(count), np.zeros(count, np.bool_))


def targets_of(windows: Sequence[Window]) -> Ints:
    return np.fromiter((token for window in windows for token in window.targets), np.int64)


def owners_of(windows: Sequence[Window]) -> Ints:
    """The request of each target."""
    requests = np.asarray([window.request for window in windows], np.int64)
    return np.repeat(requests, [len(window.targets) for window in windows])


def add(counters: Counters, **more: float) -> None:
    for name, value in more.items():
        counters[name] = counters.get(name, 0) + value
