"""A column of a board: which differences are real, who shares a tier, which places are possible."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from landbridge_evaluation.statistics.bootstrap import HIGH, LOW

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``low`` to ``high`` are the places that the tests leave open, ``drawn`` those that 95 % of the draws give."""

    rank: int
    low: int
    high: int
    tier: int
    drawn: tuple[int, int] | None = None


def holm(p: Sequence[float]) -> list[float]:
    """Holm's adjusted p (1979): the chance of even one false difference in the family stays below the level."""
    raw = np.asarray(p, dtype=np.float64)
    order = np.argsort(raw, kind="stable")
    stepped = np.maximum.accumulate(raw[order] * np.arange(raw.size, 0, -1))
    adjusted = np.empty_like(raw)
    adjusted[order] = np.minimum(1.0, stepped)
    return [float(one) for one in adjusted]


def beats(effects: Any, adjusted: Any, alpha: float = ALPHA) -> Any:  # noqa: ANN401 arrays (M, M)
    """(M, M) of bool: whether the row's model is significantly better than the column's; more is better."""
    return (np.asarray(effects) > 0) & (np.asarray(adjusted) < alpha)


def tiers(scores: Any, better: Any) -> list[int]:  # noqa: ANN401 arrays (M,) and (M, M)
    """From 1: the leader and all not significantly below it; the next tier starts at the first left out.

    ``scores``: more is better, equal ones in the order given. A model never stands in a better tier than one above it.
    """
    order = sorted(range(len(scores)), key=lambda one: -float(scores[one]))
    found, leader, tier = [1] * len(order), order[0] if order else 0, 1
    for one in order:
        if better[leader][one]:
            leader, tier = one, tier + 1
        found[one] = tier
    return found


def drawn_ranks(drawn: Any) -> list[tuple[int, int]]:  # noqa: ANN401 an array (draws, M)
    """The places that hold each model in 95 % of the draws; more is better, equal values share the best place."""
    found = []
    for place in range(drawn.shape[1]):
        ranks = 1 + (drawn > drawn[:, place : place + 1]).sum(axis=1)
        low, high = np.quantile(ranks, [LOW, HIGH], method="inverted_cdf")
        found.append((int(low), int(high)))
    return found


def places(scores: Any, better: Any, drawn: Any = None) -> list[Place]:  # noqa: ANN401 arrays (M,), (M, M), (draws, M)
    """Rank, rank interval (1 + those significantly better … M - those significantly worse) and tier of each model."""
    values, won = np.asarray(scores, dtype=np.float64), np.asarray(better, dtype=bool)
    tier, spans = tiers(values, won), drawn_ranks(drawn) if drawn is not None else [None] * len(values)
    return [
        Place(
            rank=1 + int((values > values[one]).sum()),
            low=1 + int(won[:, one].sum()),
            high=len(values) - int(won[one].sum()),
            tier=tier[one],
            drawn=spans[one],
        )
        for one in range(len(values))
    ]
