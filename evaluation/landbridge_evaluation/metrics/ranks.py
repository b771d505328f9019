"""Metrics over order: similarity, retrieval, recommendation."""

import math
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, mean, proportion
from landbridge_evaluation.predictions import Prediction
from landbridge_plugins import Interval

DEPTH = 10


def averaged(values: Any) -> Any:  # noqa: ANN401 arrays
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]


def spearman(_context: Context) -> Measure:
    def rows(stats_: Any, index: Any) -> float:  # noqa: ANN401 arrays
        said, meant = stats_[index, 0], stats_[index, 1]
        if np.ptp(said) == 0 or np.ptp(meant) == 0:
            return 0.0  # a constant orders nothing
        return float(np.corrcoef(averaged(said), averaged(meant))[0, 1])

    return Measure(
        name="spearman",
        item=lambda prediction, target: (prediction.similarity, float(target)),
        rows=rows,
        interval=Interval.FISHER_Z,
        range=(-1.0, 1.0),
    )


def nearest(_context: Context) -> Measure:
    """Bitext: the translation is the nearest of all."""
    return proportion("bitext_acc", lambda prediction, _target: bool(prediction.hits) and prediction.hits[0])


def ndcg_10(_context: Context) -> Measure:
    def score(prediction: Prediction, _target: object) -> float:
        gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(prediction.hits[:DEPTH]) if hit)
        ideal = sum(1 / math.log2(place + 2) for place in range(min(DEPTH, prediction.relevant)))
        return gain / ideal if ideal else 0.0

    return mean("ndcg_10", score)


def recall_10(_context: Context) -> Measure:
    return mean("recall_10", lambda prediction, _: sum(prediction.hits[:DEPTH]) / max(1, prediction.relevant))


def mrr_10(_context: Context) -> Measure:
    def score(prediction: Prediction, _target: object) -> float:
        return next((1 / (place + 1) for place, hit in enumerate(prediction.hits[:DEPTH]) if hit), 0.0)

    return mean("mrr_10", score)
