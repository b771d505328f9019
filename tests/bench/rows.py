"""A line of a bench, and how two ways of doing a thing are timed side by side."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """``ratio`` is how many times better we are than what we compare with; it must reach ``bar``."""

    what: str
    ours: str
    other: str
    ratio: float
    bar: float

    @property
    def holds(self) -> bool:
        return self.ratio >= self.bar

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "**missed**"
        return f"| {self.what} | {self.ours} | {self.other} | {self.ratio:.2f} | ≥ {self.bar:.2f} | {verdict} |"


def side_by_side(ours: Callable[[], object], other: Callable[[], object], rounds: int = 5) -> tuple[float, float]:
    """Median seconds of each, taken in turns so that the machine's mood meets both."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for place, function in enumerate((ours, other)):
            started = time.perf_counter()
            function()
            times[place].append(time.perf_counter() - started)
    return median(times[0]), median(times[1])
