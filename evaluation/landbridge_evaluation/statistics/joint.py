"""Many values from the same draws: metrics side by side, models side by side. Every pair of them is paired."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.special import stdtr, stdtrit

from landbridge_evaluation.statistics.bootstrap import DRAWS, Value, resampled, units
from landbridge_evaluation.statistics.intervals import LEVEL


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """K values: ``drawn`` (draws, K) and ``center`` (K,), from ``count`` items or clusters."""

    drawn: Any
    center: Any
    count: int


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
        drawn = np.concatenate([read(part) for part in resampled(rows, weights, key, draws)])
        return Joint(drawn=drawn, center=read(weights @ rows), count=int(weights.sum()))


def contrast(found: Joint, left: int, right: int) -> tuple[float, float, float, float]:
    """(effect, low, high, p) of value ``left`` minus value ``right``: Student's t with the draws' standard error.

    A difference of paired values is close to symmetric, and the far tails that Holm asks for hold too few draws to be
    counted; BCa called equal models better in twice as many cases as it may where lengths of texts differ much.
    """
    drawn = found.drawn[:, left] - found.drawn[:, right]
    drawn = drawn[np.isfinite(drawn)]
    effect, degrees = float(found.center[left] - found.center[right]), found.count - 1
    if degrees < 1 or drawn.size == 0 or not math.isfinite(effect):
        return effect, effect, effect, 1.0
    error = float(drawn.std()) * math.sqrt(found.count / degrees)  # a bootstrap's own spread divides by n
    if error == 0:
        return effect, effect, effect, float(effect == 0)
    half = float(stdtrit(degrees, 0.5 + LEVEL / 2)) * error
    return effect, effect - half, effect + half, min(1.0, 2 * float(stdtr(degrees, -abs(effect) / error)))
