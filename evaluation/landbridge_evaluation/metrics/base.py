"""The one shape of a metric."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from landbridge_evaluation.predictions import Prediction
from landbridge_plugins import Interval

Closed = Callable[[Any], tuple[float, float, str]]  # an array, a row an item, to low, high and the method


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a metric may know of its task."""

    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)

    @property
    def chinese(self) -> bool:
        return bool(self.languages) and self.languages[0].startswith("zh")


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A metric at work: ``value(sums)`` over the last axis, or ``rows(stats, index)`` where sums do not do."""

    name: str
    item: Callable[[Prediction, Any], tuple[float, ...]]
    interval: Interval = Interval.BOOTSTRAP
    value: Callable[[Any], Any] | None = None
    rows: Callable[[Any, Any], float] | None = None
    closed: Closed | None = None  # its own interval over independent rows, without draws
    influence: Callable[[Any], tuple[float, Any]] | None = None  # the value, and each row's part in its error (n,)
    per_item: bool = False  # an item's first statistic is its own score
    higher_is_better: bool = True
    range: tuple[float | None, float | None] = (0.0, 1.0)


def proportion(name: str, right: Callable[[Prediction, Any], bool]) -> Measure:
    """The share of rows where ``right``; a faulty row is wrong."""
    return Measure(
        name=name,
        item=lambda prediction, target: (float(not prediction.fault and right(prediction, target)), 1.0),
        value=lambda sums: sums[..., 0] / sums[..., 1],
        interval=Interval.WILSON,
        per_item=True,
    )


def mean(
    name: str,
    score: Callable[[Prediction, Any], float],
    *,
    higher_is_better: bool = True,
    range: tuple[float | None, float | None] = (0.0, 1.0),  # noqa: A002 the plugin surface's own word
    worst: float = 0.0,
) -> Measure:
    """The mean of a score over rows; a faulty row gets the worst."""
    return Measure(
        name=name,
        item=lambda prediction, target: (worst if prediction.fault else float(score(prediction, target)), 1.0),
        value=lambda sums: sums[..., 0] / sums[..., 1],
        interval=Interval.T,
        per_item=True,
        higher_is_better=higher_is_better,
        range=range,
    )
