"""The area under the ROC curve: its value, and its interval without draws."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from landbridge_evaluation.statistics.intervals import Bounds, Z, cluster_error


def midranks(values: Any) -> Any:  # noqa: ANN401 an array (n,)
    """Ranks from 1; equal values share the mean of theirs."""
    ordered = np.sort(values)
    return (np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right") + 1) / 2


def placements(scores: Any, positive: Any) -> tuple[float, Any]:  # noqa: ANN401 arrays (n,) of numbers and of bool
    """(area, influence): each item's part in the area's error, (n,), as DeLong et al. (1988) by midranks.

    ``scores`` (n,), ``positive`` (n,) of bool, both kinds present. Sun and Xu (2014) have the ranks.
    """
    count, ups = positive.size, int(positive.sum())
    downs = count - ups
    ranks = midranks(scores)
    own = np.empty(count)
    own[positive] = (ranks[positive] - midranks(scores[positive])) / downs
    own[~positive] = 1 - (ranks[~positive] - midranks(scores[~positive])) / ups
    area = float(own[positive].mean())
    share = np.where(positive, count / ups, count / downs)
    return area, (own - area) * share


def logit_area(area: float, influence: Any, clusters: Sequence[str] | None = None) -> Bounds:  # noqa: ANN401 an array (n,)
    """DeLong's error on the logit scale (Pepe 2003), which keeps the ends inside (0, 1)."""
    names = [str(one) for one in range(influence.size)] if clusters is None else clusters
    error, _ = cluster_error(influence, names)
    if not math.isfinite(area):
        return area, area
    if not 0 < area < 1:
        return one_sided(area, influence.size)
    middle, half = math.log(area / (1 - area)), Z * error / (area * (1 - area))
    return 1 / (1 + math.exp(half - middle)), 1 / (1 + math.exp(-half - middle))


def one_sided(area: float, count: int) -> Bounds:
    """No error shows in a perfect order: the rule of three (Hanley and Lippman-Hand 1983) bounds what is not seen."""
    unseen = min(1.0, 3 / max(count, 1))
    return (1 - unseen, 1.0) if area >= 1 else (0.0, unseen)
