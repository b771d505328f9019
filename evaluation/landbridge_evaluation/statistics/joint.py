"""Many values from the same draws: metrics side by side, models side by side. Every pair of them is paired."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import ndtri, stdtr, stdtrit

from landbridge_evaluation.statistics.bootstrap import (
    DRAWS,
    HIGH,
    Skew,
    Value,
    ends,
    left_out,
    resampled,
    skewness,
    units,
)

TAIL = 10  # draws beyond zero under which a tail is that of the normal distribution, not counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """K values: ``drawn`` (draws, K), ``center`` (K,), ``without`` one unit (kinds, K) and the units' ``weights``."""

    drawn: Any
    center: Any
    without: Any
    weights: Any


def joint(
    blocks: Sequence[Any],
    values: Sequence[Value],
    *,
    key: str,
    clusters: Sequence[str] | None = None,
    draws: int = DRAWS,
) -> Joint:
    """Draw items, or whole clusters, once for all ``blocks`` of sums (items, width); ``values[k]`` reads block k."""
    edges = np.cumsum([0, *(np.shape(one)[1] for one in blocks)])
    rows, weights = units(np.hstack([np.asarray(one, dtype=np.float64) for one in blocks]), clusters)

    def read(sums: Any) -> Any:  # noqa: ANN401 arrays
        parts = [sums[..., start:end] for start, end in pairwise(edges)]
        return np.stack([np.asarray(value(part)) for value, part in zip(values, parts, strict=True)], axis=-1)

    with np.errstate(all="ignore"):
        return Joint(
            drawn=np.concatenate([read(part) for part in resampled(rows, weights, key, draws)]),
            center=read(weights @ rows),
            without=left_out(rows, weights, read),
            weights=weights,
        )


def contrast(found: Joint, left: int, right: int) -> tuple[float, float, float, float]:
    """(effect, low, high, p) of value ``left`` minus value ``right``.

    BCa (Efron 1987) at levels widened as Student's t is against the normal (Hesterberg 2015); p is the level at which
    the interval begins to hold zero, so the two never disagree.
    """
    drawn = found.drawn[:, left] - found.drawn[:, right]
    drawn = np.sort(drawn[np.isfinite(drawn)])
    effect = float(found.center[left] - found.center[right])
    units_drawn = int(found.weights.sum())
    if drawn.size == 0 or units_drawn < 2 or not np.isfinite(effect):  # noqa: PLR2004 no spread
        return effect, effect, effect, 1.0
    skew = skewness(drawn, effect, found.without[:, left] - found.without[:, right], found.weights)
    half = float(stdtrit(units_drawn - 1, HIGH)) * stretch(units_drawn)
    low, high = ends(drawn, skew, (-half, half))
    return effect, min(low, effect), max(high, effect), p_of_zero(drawn, effect, skew, units_drawn)


def stretch(count: int) -> float:
    """A bootstrap's spread divides by n, an unbiased one by n - 1."""
    return float(np.sqrt(count / (count - 1)))


def p_of_zero(drawn: Any, effect: float, skew: Skew | None, count: int) -> float:  # noqa: ANN401 a sorted array
    """Two-sided p of "no difference", by turning the interval around."""
    spread = float(drawn.std())
    if spread == 0:
        return float(effect == 0)
    below = float(np.searchsorted(drawn, 0.0, "left") + np.searchsorted(drawn, 0.0, "right")) / 2
    tail = min(below, drawn.size - below)
    place = abs(float(ndtri(max(tail, TAIL) / drawn.size)))
    if tail < TAIL:
        place = max(place, abs(effect) / spread)
    place = -place if below < drawn.size / 2 else place
    level = abs(skew.level(place) if skew else place) / stretch(count)
    return min(1.0, 2 * float(stdtr(count - 1, -level)))
