"""Metrics over order: similarity, retrieval, recommendation."""

import math
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, mean, proportion
from landbridge_evaluation.predictions import Prediction
from landbridge_evaluation.statistics import midranks
from landbridge_plugins import Interval

DEPTH = 10


def spearman(_context: Context) -> Measure:
    def rows(stats_: Any, index: Any) -> float:  # noqa: ANN401 arrays
        said, meant = stats_[index, 0], stats_[index, 1]
        if np.ptp(said) == 0 or np.ptp(meant) == 0:
            return 0.0  # a constant orders nothing
        return float(np.corrcoef(midranks(said), midranks(meant))[0, 1])

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


def average_precision(_context: Context) -> Measure:
    """The mean over relevant candidates of the precision at their rank; what is not ranked counts 0."""

    def score(prediction: Prediction, _target: object) -> float:
        ranks = [place for place, hit in enumerate(prediction.hits, 1) if hit]
        return sum(number / place for number, place in enumerate(ranks, 1)) / max(1, prediction.relevant)

    return mean("map", score)


def mrr_10(_context: Context) -> Measure:
    def score(prediction: Prediction, _target: object) -> float:
        return next((1 / (place + 1) for place, hit in enumerate(prediction.hits[:DEPTH]) if hit), 0.0)

    return mean("mrr_10", score)
