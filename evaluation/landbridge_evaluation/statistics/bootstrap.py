"""The bootstrap as linear algebra: what is drawn are counts, what is computed are sums."""

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, ndtri, stdtrit

DRAWS = 10_000
FEW = 200  # distinct rows up to which counts are drawn directly
CHUNK = 4_000_000  # numbers drawn at once
LOW, HIGH = 0.025, 0.975
Value = Callable[[Any], Any]  # sums, in the last axis, to the metric


def generator(key: str) -> np.random.Generator:
    """Draws that depend on ``key`` (a task's digest) alone: all models of a board share them."""
    number = int.from_bytes(hashlib.sha256(key.encode()).digest()[:16], "big")
    return np.random.Generator(np.random.Philox(key=number))


def bootstrap(
    sums: Any,  # noqa: ANN401 an array, one row an item
    value: Value,
    *,
    key: str,
    clusters: Sequence[str] | None = None,
    draws: int = DRAWS,
) -> tuple[float, float, str]:
    """(low, high, method): BCa, or percentile where leaving one out says nothing."""
    rows, weights = units(np.asarray(sums, dtype=np.float64), clusters)
    with np.errstate(all="ignore"):
        drawn = np.concatenate([np.atleast_1d(value(part)) for part in resampled(rows, weights, key, draws)])
        drawn = drawn[np.isfinite(drawn)]
        centre = float(value(weights @ rows))
        if drawn.size == 0:
            return centre, centre, "none"
        return bca(np.sort(drawn), centre, left_out(rows, weights, value), weights)


def units(sums: Any, clusters: Sequence[str] | None) -> tuple[Any, Any]:  # noqa: ANN401 arrays
    """What is drawn: distinct rows and how often each stands there, or the sums of each cluster, once each."""
    if clusters is None:
        return np.unique(sums, axis=0, return_counts=True)
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    grouped = np.zeros((int(place.max()) + 1, sums.shape[1]))
    np.add.at(grouped, place, sums)
    return grouped, np.ones(len(grouped), dtype=np.int64)


def resampled(rows: Any, weights: Any, key: str, draws: int) -> Iterator[Any]:  # noqa: ANN401 arrays
    """Sums of ``draws`` samples, in chunks: counts times rows."""
    rng, total, kinds = generator(key), int(weights.sum()), len(rows)
    item = np.repeat(np.arange(kinds), weights)
    step = max(1, CHUNK // max(total if kinds > FEW else kinds, 1))
    for start in range(0, draws, step):
        size = min(step, draws - start)
        if kinds <= FEW:
            counts = rng.multinomial(total, weights / total, size=size)
        else:
            chosen = item[rng.integers(0, total, size=(size, total))] + np.arange(size)[:, None] * kinds
            counts = np.bincount(chosen.ravel(), minlength=size * kinds).reshape(size, kinds)
        yield counts @ rows


def left_out(rows: Any, weights: Any, value: Value) -> Any:  # noqa: ANN401 arrays
    """The metric with one item (or cluster) left out, for each distinct row."""
    return np.atleast_1d(value(weights @ rows - rows))


def bca(drawn: Any, centre: float, without: Any, weights: Any) -> tuple[float, float, str]:  # noqa: ANN401 arrays
    """Bias-corrected and accelerated (Efron 1987), at levels for as many units as there are."""
    reach = widened(int(weights.sum()))
    below = (np.count_nonzero(drawn < centre) + np.count_nonzero(drawn == centre) / 2) / drawn.size
    spread = np.average(without, weights=weights) - without if np.isfinite(without).all() else np.zeros(1)
    squares = float((spread**2 * weights).sum()) if spread.size == len(weights) else 0.0
    if not 0 < below < 1 or squares <= 0:
        low, high = np.quantile(drawn, ndtr([-reach, reach]))
        return float(low), float(high), "bootstrap_percentile"
    bias = float(ndtri(below))
    acceleration = float((spread**3 * weights).sum()) / (6 * squares**1.5)
    ends = []
    for level in (-reach, reach):
        z = bias + level
        scale = 1 - acceleration * z
        ends.append(float(ndtr(bias + z / scale)) if scale > 0 else float(z > 0))
    low, high = np.quantile(drawn, np.clip(ends, 0, 1))
    return float(low), float(high), "bootstrap_bca"


def widened(count: int) -> float:
    """How many standard errors 95 % reach: Student's t instead of the normal, n instead of n - 1 (Hesterberg 2015).

    Against 1.96 that is 0.2 % more for 1,000 units, 4 % for 50, and 22 % for 10 clusters.
    """
    return float(stdtrit(count - 1, HIGH)) * math.sqrt(count / (count - 1)) if count > 1 else float(ndtri(HIGH))
