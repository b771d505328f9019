"""Intervals in closed form."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import betaincinv, ndtri, stdtrit  # scipy.stats takes a second to import

LEVEL = 0.95
Z = float(ndtri(0.5 + LEVEL / 2))
Bounds = tuple[float, float]


def wilson(successes: float, n: int) -> Bounds:
    """Wilson's score interval of a proportion (1927)."""
    if n == 0:
        return 0.0, 1.0
    share = successes / n
    scale = 1 + Z * Z / n
    middle = (share + Z * Z / (2 * n)) / scale
    half = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n)) / scale
    return max(0.0, middle - half), min(1.0, middle + half)


def clopper_pearson(successes: int, n: int) -> Bounds:
    """The exact interval of a proportion (1934): never below 95 %, for rare events where Wilson may fall short."""
    tail = (1 - LEVEL) / 2
    low = float(betaincinv(successes, n - successes + 1, tail)) if successes else 0.0
    high = float(betaincinv(successes + 1, n - successes, 1 - tail)) if successes < n else 1.0
    return low, high


def mean_t(values: Any) -> Bounds:  # noqa: ANN401 an array or a list
    """Student's interval of a mean. One value alone bounds nothing: both ends are that value."""
    array = np.asarray(values, dtype=np.float64)
    mean = float(array.mean())
    if array.size < 2:  # noqa: PLR2004 no spread
        return mean, mean
    half = float(stdtrit(array.size - 1, 0.5 + LEVEL / 2) * array.std(ddof=1) / math.sqrt(array.size))
    return mean - half, mean + half


def cluster_mean(values: Any, clusters: Sequence[str]) -> Bounds:  # noqa: ANN401 an array or a list
    """The mean over rows that depend on each other within clusters: robust error, t with G - 1 degrees of freedom."""
    array = np.asarray(values, dtype=np.float64)
    mean, (error, count) = float(array.mean()), cluster_error(array, clusters)
    if count < 2:  # noqa: PLR2004 no spread between clusters
        return mean, mean
    half = float(stdtrit(count - 1, 0.5 + LEVEL / 2)) * error
    return mean - half, mean + half


def cluster_error(values: Any, clusters: Sequence[str]) -> tuple[float, int]:  # noqa: ANN401 an array (n,)
    """(standard error of the mean, G clusters), robust to dependence within clusters (Liang and Zeger 1986)."""
    _, place = np.unique(np.asarray(clusters), return_inverse=True)
    count = int(place.max()) + 1
    if count < 2:  # noqa: PLR2004 no spread between clusters
        return 0.0, count
    sums = np.bincount(place, weights=values - values.mean(), minlength=count)
    return math.sqrt(count / (count - 1) * float((sums * sums).sum())) / values.size, count


def bonett_wright(rho: float, n: int) -> Bounds:
    """Spearman's rank correlation: Fisher's z with the error of Bonett and Wright (2000)."""
    if n <= 3 or not -1 < rho < 1:  # noqa: PLR2004 the error's own condition
        return (rho, rho) if abs(rho) >= 1 else (-1.0, 1.0)
    half = Z * math.sqrt((1 + rho * rho / 2) / (n - 3))
    return math.tanh(math.atanh(rho) - half), math.tanh(math.atanh(rho) + half)
