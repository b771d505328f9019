"""How much a task's primary metric loses on disturbed items: the same items, in pairs with the clean ones."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics import Estimate, Measure
from landbridge_evaluation.metrics.estimate import ROW_DRAWS, value_of
from landbridge_plugins import Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class VariantScore:
    """One perturbation at one strength. ``drop`` is what is lost: positive is worse, for every metric."""

    score: Estimate
    drop: Estimate
    changed: int  # rows whose items the perturbation changed; the others answer as they did
    consistency: float | None  # share of rows with the same prediction; None where predictions are numbers
    samples: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "n": self.score.n,
            "changed": self.changed,
            "value": self.score.value,
            "ci95": [self.score.low, self.score.high],
            "method": self.score.method,
            "drop": self.drop.value,
            "drop_ci95": [self.drop.low, self.drop.high],
            "drop_method": self.drop.method,
            "consistency": self.consistency,
        }


def paired(
    measure: Measure,
    clean: Any,  # noqa: ANN401 an array, a row an item
    disturbed: Any,  # noqa: ANN401 the same rows
    *,
    key: str,
    clusters: Sequence[str] | None = None,
) -> Estimate:
    """The loss from ``clean`` to ``disturbed`` and its 95 % interval; both are the metric's rows of the same items."""
    sign = 1.0 if measure.higher_is_better else -1.0
    value = sign * (value_of(measure, clean) - value_of(measure, disturbed))
    low, high, method = bounds(measure, clean, disturbed, sign, key, clusters)
    return Estimate(value=value, low=min(low, value), high=max(high, value), n=len(clean), method=method)


def bounds(  # noqa: PLR0913, PLR0917 one place calls it
    measure: Measure,
    clean: Any,  # noqa: ANN401 arrays
    disturbed: Any,  # noqa: ANN401 arrays
    sign: float,
    key: str,
    clusters: Sequence[str] | None,
) -> tuple[float, float, str]:
    if measure.value is None:
        return of_rows(measure, clean, disturbed, sign, key, clusters)
    if measure.interval in (Interval.WILSON, Interval.T):
        lost = sign * (clean[:, 0] - disturbed[:, 0])
        if clusters is not None:
            return (*statistics.cluster_mean(lost, clusters), "paired_cluster_t")
        if measure.interval is Interval.WILSON and sign > 0:
            return (*newcombe(clean[:, 0], disturbed[:, 0]), "paired_newcombe")
        return (*statistics.mean_t(lost), "paired_t")
    value, width = measure.value, clean.shape[1]

    def difference(sums: Any) -> Any:  # noqa: ANN401 arrays
        return sign * (value(sums[..., :width]) - value(sums[..., width:]))

    low, high, method = statistics.bootstrap(np.hstack([clean, disturbed]), difference, key=key, clusters=clusters)
    return low, high, f"paired_{method}"


def of_rows(  # noqa: PLR0913, PLR0917 one place calls it
    measure: Measure,
    clean: Any,  # noqa: ANN401 arrays
    disturbed: Any,  # noqa: ANN401 arrays
    sign: float,
    key: str,
    clusters: Sequence[str] | None,
) -> tuple[float, float, str]:
    """For a metric that is no function of sums: the same draws of rows (or clusters) on both sides."""
    assert measure.rows is not None  # noqa: S101 a metric has one of the two
    groups = np.arange(len(clean)) if clusters is None else np.unique(np.asarray(clusters), return_inverse=True)[1]
    members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    rng, drawn = statistics.generator(key), []
    with np.errstate(all="ignore"):
        for _ in range(ROW_DRAWS):
            index = np.concatenate([members[one] for one in rng.integers(0, len(members), size=len(members))])
            drawn.append(sign * (measure.rows(clean, index) - measure.rows(disturbed, index)))
    found = [one for one in drawn if math.isfinite(one)] or [0.0]
    low, high = np.quantile(found, [0.025, 0.975])
    return float(low), float(high), "paired_bootstrap_percentile"


def newcombe(first: Any, second: Any) -> tuple[float, float]:  # noqa: ANN401 arrays
    """The difference of two proportions of the same items: Newcombe's hybrid score interval (1998, method 10)."""
    one, other = np.asarray(first) > 0, np.asarray(second) > 0
    n = len(one)
    both, neither = int((one & other).sum()), int((~one & ~other).sum())
    left, right = int((one & ~other).sum()), int((~one & other).sum())
    p, q = (both + left) / n, (both + right) / n
    (p_low, p_high), (q_low, q_high) = statistics.wilson(both + left, n), statistics.wilson(both + right, n)
    sizes = (both + left) * (right + neither) * (both + right) * (left + neither)
    cross = both * neither - left * right
    phi = (max(cross - n / 2, 0.0) if cross > 0 else cross) / math.sqrt(sizes) if sizes else 0.0
    below = (p - p_low) ** 2 - 2 * phi * (p - p_low) * (q_high - q) + (q_high - q) ** 2
    above = (p_high - p) ** 2 - 2 * phi * (p_high - p) * (q - q_low) + (q - q_low) ** 2
    return p - q - math.sqrt(max(below, 0.0)), p - q + math.sqrt(max(above, 0.0))


def worst(measure: Measure, variants: Sequence[Any]) -> Any:  # noqa: ANN401 arrays
    """Each row's worst score over all variants, in the metric's own shape (score, 1). Metrics per item only."""
    stacked = np.stack([one[:, 0] for one in variants])
    lowest = stacked.min(axis=0) if measure.higher_is_better else stacked.max(axis=0)
    return np.column_stack([lowest, np.ones(len(lowest))])
