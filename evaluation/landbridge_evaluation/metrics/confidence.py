"""Metrics over how sure a model is: areas under curves, and calibration in bins of equal mass."""

from collections.abc import Callable
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics.base import Context, Measure
from landbridge_evaluation.metrics.labels import BINS
from landbridge_evaluation.predictions import Prediction

COVERAGE = 0.8


def shares(context: Context) -> Callable[[Prediction, Any], tuple[float, ...]]:
    """Per row the probability of each label, then the truth's place (-1: none of them)."""
    places = {name: place for place, name in enumerate(context.labels)}

    def item(prediction: Prediction, target: Any) -> tuple[float, ...]:  # noqa: ANN401 a label
        given = () if prediction.fault else (prediction.probabilities.get(name, 0.0) for name in places)
        row = tuple(given) or (0.0,) * len(places)
        return (*row, float(places.get(target, -1)))

    return item


def columns(context: Context) -> tuple[int, ...]:
    """Whose probabilities are ranked: of two classes the positive one's (the second, or ``positive``), else all."""
    if len(context.labels) != 2:  # noqa: PLR2004 the binary case
        return tuple(range(len(context.labels)))
    positive = str(context.params.get("positive", context.labels[1]))
    return (context.labels.index(positive),)


def one_against_rest(stats: Any, asked: tuple[int, ...]) -> list[tuple[Any, Any]]:  # noqa: ANN401 an array
    """(scores, positive) of each class that has rows on both sides."""
    truth = stats[:, -1]
    pairs = [(stats[:, place], truth == place) for place in asked]
    return [(scores, positive) for scores, positive in pairs if positive.any() and not positive.all()]


def auroc(context: Context) -> Measure:
    """The area under the ROC curve; of more than two classes the mean of each against the rest. DeLong's error."""
    asked = columns(context)

    def influence(stats: Any) -> tuple[float, Any]:  # noqa: ANN401 an array
        found = [statistics.placements(*pair) for pair in one_against_rest(stats, asked)]
        if not found:
            return float("nan"), np.full(len(stats), np.nan)
        return float(np.mean([area for area, _ in found])), np.mean([each for _, each in found], axis=0)

    return Measure(
        name="auroc",
        item=shares(context),
        rows=lambda stats, index: influence(stats[index])[0],
        influence=influence,
    )


def ap(context: Context) -> Measure:
    """Average precision; of more than two classes the mean of each against the rest."""
    asked = columns(context)

    def rows(stats: Any, index: Any) -> float:  # noqa: ANN401 arrays
        found = [average_precision(*pair) for pair in one_against_rest(stats[index], asked)]
        return float(np.mean(found)) if found else float("nan")

    return Measure(name="ap", item=shares(context), rows=rows)


def average_precision(scores: Any, positive: Any) -> float:  # noqa: ANN401 arrays (n,)
    """The sum of precision times the step in recall; equal scores are one step, as scikit-learn has it."""
    order = np.argsort(-scores, kind="stable")
    last = np.append(np.diff(scores[order]) != 0, True)
    right = np.cumsum(positive[order])[last]
    precision = right / (np.flatnonzero(last) + 1)
    return float((precision * np.diff(right, prepend=0)).sum() / right[-1])


def sureness(prediction: Prediction, target: Any) -> tuple[float, float]:  # noqa: ANN401 a label, or a choice's place
    """How sure, and whether right. A faulty row is wrong, and as sure as can be."""
    if prediction.fault:
        return 1.0, 0.0
    right = prediction.chosen == target if prediction.choices else prediction.label == target
    return max(prediction.probabilities.values(), default=0.0), float(right)


def by_sureness(stats: Any) -> tuple[Any, Any]:  # noqa: ANN401 arrays
    """(sure, right), the surest first; among equally sure ones each is as right as they are on average."""
    _, place, counts = np.unique(-stats[:, 0], return_inverse=True, return_counts=True)
    right = (np.bincount(place, weights=stats[:, 1]) / counts)[place]
    order = np.argsort(place, kind="stable")
    return stats[order, 0], right[order]


def aurc(_context: Context) -> Measure:
    """The area under the risk-coverage curve (Geifman et al. 2019): the error among the surest, over all coverages."""

    def rows(stats: Any, index: Any) -> float:  # noqa: ANN401 arrays
        _, right = by_sureness(stats[index])
        return float((np.cumsum(1 - right) / np.arange(1, len(right) + 1)).mean())

    return Measure(name="aurc", item=sureness, rows=rows, higher_is_better=False)


def acc_80(_context: Context) -> Measure:
    """Accuracy over the surest 80 % of rows."""

    def rows(stats: Any, index: Any) -> float:  # noqa: ANN401 arrays
        _, right = by_sureness(stats[index])
        return float(right[: max(1, round(COVERAGE * len(right)))].mean())

    return Measure(name="acc_80", item=sureness, rows=rows)


def ece_mass(_context: Context) -> Measure:
    """Expected calibration error over ten bins of equally many rows (Nguyen and O'Connor 2015)."""

    def rows(stats: Any, index: Any) -> float:  # noqa: ANN401 arrays
        sure, right = by_sureness(stats[index])
        gaps = [abs(float(part.sum())) for part in np.array_split(sure - right, BINS)]
        return sum(gaps) / len(sure)

    return Measure(name="ece_mass", item=sureness, rows=rows, higher_is_better=False)
