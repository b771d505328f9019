"""Two models on the same items: the exact tests, and what a difference is."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import bdtr, stdtr, stdtrit

from landbridge_evaluation.statistics.intervals import LEVEL, Bounds, Z, cluster_error


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Left minus right, in the metric's own unit; ``low`` and ``high`` bound it at 95 %, ``p`` is two-sided."""

    effect: float
    low: float
    high: float
    p: float
    n: int
    method: str

    def to_json(self) -> dict[str, Any]:
        return {
            "effect": self.effect,
            "ci95": [self.low, self.high],
            "p": self.p,
            "n": self.n,
            "method": self.method,
        }


def noninferior(difference: Difference, margin: float, *, higher_is_better: bool = True) -> bool:
    """Whether left is worse than right by less than ``margin`` (positive, the metric's unit): its bound says so."""
    return difference.low > -margin if higher_is_better else difference.high < margin


def mcnemar_mid_p(only_left: int, only_right: int) -> float:
    """The exact test of paired proportions with the mid-p correction (Lancaster 1961; Fagerland et al. 2013)."""
    count, fewer = only_left + only_right, min(only_left, only_right)
    if count == 0:
        return 1.0
    below = float(bdtr(fewer - 1, count, 0.5)) if fewer else 0.0
    return min(1.0, below + float(bdtr(fewer, count, 0.5)))


def sign_test(only_left: int, only_right: int) -> float:
    """The exact sign test, which is McNemar's exact test: two-sided, never anticonservative."""
    count, fewer = only_left + only_right, min(only_left, only_right)
    return min(1.0, 2 * float(bdtr(fewer, count, 0.5))) if count else 1.0


def bonett_price(only_left: int, only_right: int, n: int) -> Bounds:
    """The difference of paired proportions: Wald's interval with one item more of each kind (Bonett and Price 2012)."""
    left, right = (only_left + 1) / (n + 2), (only_right + 1) / (n + 2)
    half = Z * math.sqrt((left + right - (left - right) ** 2) / (n + 2))
    return max(-1.0, left - right - half), min(1.0, left - right + half)


def paired_proportions(left: Any, right: Any) -> Difference:  # noqa: ANN401 arrays (n,) of 0 and 1
    """Exact mid-p McNemar, on items."""
    mine, theirs = np.asarray(left) > 0, np.asarray(right) > 0
    only_left, only_right = int((mine & ~theirs).sum()), int((theirs & ~mine).sum())
    effect = (only_left - only_right) / mine.size
    low, high = bonett_price(only_left, only_right, mine.size)
    return Difference(
        effect=effect,
        low=min(low, effect),
        high=max(high, effect),
        p=mcnemar_mid_p(only_left, only_right),
        n=mine.size,
        method="mcnemar_mid_p",
    )


def paired_means(left: Any, right: Any, clusters: Sequence[str] | None = None) -> Difference:  # noqa: ANN401 arrays (n,)
    """Student's t on the items' differences; with clusters the robust error and t with G - 1 degrees of freedom."""
    gaps = np.asarray(left, dtype=np.float64) - np.asarray(right, dtype=np.float64)
    names = [str(one) for one in range(gaps.size)] if clusters is None else clusters
    effect, (error, count) = float(gaps.mean()), cluster_error(gaps, names)
    if error <= 0 or count < 2:  # noqa: PLR2004 no spread
        p = float(effect == 0 or count < 2)  # noqa: PLR2004 no spread
        return Difference(effect=effect, low=effect, high=effect, p=p, n=gaps.size, method="paired_t")
    half = float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * error
    return Difference(
        effect=effect,
        low=effect - half,
        high=effect + half,
        p=min(1.0, 2 * float(stdtr(count - 1, -abs(effect) / error))),
        n=gaps.size,
        method="paired_t" if clusters is None else "paired_cluster_t",
    )
