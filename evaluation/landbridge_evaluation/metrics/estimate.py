"""A metric's value with its interval."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics.base import Measure
from landbridge_plugins import Interval

ROW_DRAWS = 1000  # for metrics that are no function of sums, where clusters rule out the closed form


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    value: float
    low: float
    high: float
    n: int
    method: str

    def to_json(self) -> dict[str, Any]:
        return {"value": self.value, "ci95": [self.low, self.high], "n": self.n, "method": self.method}


def estimate(measure: Measure, stats: Any, *, key: str, clusters: Sequence[str] | None = None) -> Estimate:  # noqa: ANN401 an array, a row an item
    """The value over all rows and its 95 % interval; low ≤ value ≤ high. ``key`` fixes the bootstrap's draws."""
    array = np.asarray(stats, dtype=np.float64)
    value = value_of(measure, array)
    low, high, method = interval(measure, array, value, key, clusters)
    lowest, highest = measure.range
    low = max(low, lowest) if lowest is not None else low
    high = min(high, highest) if highest is not None else high
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=len(array), method=method)


def value_of(measure: Measure, array: Any) -> float:  # noqa: ANN401 an array
    with np.errstate(all="ignore"):
        if measure.value is not None:
            return float(measure.value(array.sum(0)))
        assert measure.rows is not None  # noqa: S101 a metric has one of the two
        return float(measure.rows(array, np.arange(len(array))))


def interval(
    measure: Measure,
    array: Any,  # noqa: ANN401 an array
    value: float,
    key: str,
    clusters: Sequence[str] | None,
) -> tuple[float, float, str]:
    if measure.influence is not None:
        return (*statistics.logit_area(*measure.influence(array), clusters), "delong_logit")
    if measure.value is None:
        return of_rows(measure, array, value, key, clusters)
    return in_closed_form(measure, array, clusters) or statistics.bootstrap(
        array, measure.value, key=key, clusters=clusters
    )


def in_closed_form(
    measure: Measure,
    array: Any,  # noqa: ANN401 an array
    clusters: Sequence[str] | None,
) -> tuple[float, float, str] | None:
    if measure.closed is not None and clusters is None:
        return measure.closed(array)
    if measure.interval is Interval.WILSON and clusters is None:
        return (*statistics.wilson(float(array[:, 0].sum()), len(array)), "wilson")
    if measure.interval in (Interval.WILSON, Interval.T):
        if clusters is not None:
            return (*statistics.cluster_mean(array[:, 0], clusters), "cluster_t")
        return (*statistics.mean_t(array[:, 0]), "t")
    return None


def of_rows(
    measure: Measure,
    array: Any,  # noqa: ANN401 an array
    value: float,
    key: str,
    clusters: Sequence[str] | None,
) -> tuple[float, float, str]:
    if measure.interval is Interval.FISHER_Z and clusters is None:
        return (*statistics.bonett_wright(value, len(array)), "fisher_z_bonett_wright")
    assert measure.rows is not None  # noqa: S101 a metric has one of the two
    drawn = np.asarray([measure.rows(array, index) for index in row_draws(len(array), key, clusters)])
    drawn = drawn[np.isfinite(drawn)]
    if drawn.size == 0:
        return value, value, "none"
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high), "bootstrap_percentile"


def row_draws(count: int, key: str, clusters: Sequence[str] | None) -> Iterator[Any]:
    """Indices of ``ROW_DRAWS`` samples, whole clusters at a time; the same for all models under one key."""
    rng = statistics.generator(key)
    if clusters is None:
        for _ in range(ROW_DRAWS):
            yield rng.integers(0, count, size=count)
        return
    groups = np.unique(np.asarray(clusters), return_inverse=True)[1]
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    for _ in range(ROW_DRAWS):
        yield np.concatenate([members[group] for group in rng.integers(0, len(members), size=len(members))])
