"""Metrics over labels and their probabilities."""

import math
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, mean, proportion
from landbridge_evaluation.predictions import Prediction

BINS = 10
SMALLEST = float(np.finfo(np.float64).eps)


def acc(_context: Context) -> Measure:
    return proportion("acc", lambda prediction, target: prediction.label == target)


def by_class(context: Context) -> Any:  # noqa: ANN401 a function of a prediction and a target
    """Per class three sums: how often right, how often the truth, how often predicted."""
    places = {name: place for place, name in enumerate(context.labels)}
    count = len(places)

    def item(prediction: Prediction, target: Any) -> tuple[float, ...]:  # noqa: ANN401 a label
        row = [0.0] * (3 * count)
        truth, said = places.get(target), places.get(prediction.label)
        if truth is not None:
            row[count + truth] = 1.0
        if said is not None and not prediction.fault:
            row[2 * count + said] = 1.0
            row[said] = float(said == truth)
        return tuple(row)

    return item


def parts(sums: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 arrays
    count = sums.shape[-1] // 3
    return sums[..., :count], sums[..., count : 2 * count], sums[..., 2 * count :]


def ratio(above: Any, below: Any) -> Any:  # noqa: ANN401 arrays
    return np.divide(above, below, out=np.zeros_like(np.asarray(above, dtype=np.float64)), where=np.asarray(below) > 0)


def macro_f1(context: Context) -> Measure:
    """The mean of F1 over the classes that occur, in truth or prediction, as scikit-learn has it."""

    def value(sums: Any) -> Any:  # noqa: ANN401 arrays
        right, truth, said = parts(sums)
        return ratio((2 * ratio(right, truth + said)).sum(-1), ((truth + said) > 0).sum(-1))

    return Measure(name="macro_f1", item=by_class(context), value=value)


def balanced_acc(context: Context) -> Measure:
    def value(sums: Any) -> Any:  # noqa: ANN401 arrays
        right, truth, _ = parts(sums)
        return ratio(ratio(right, truth).sum(-1), (truth > 0).sum(-1))

    return Measure(name="balanced_acc", item=by_class(context), value=value)


def mcc(context: Context) -> Measure:
    """Matthews' correlation, Gorodkin's form for many classes."""

    def value(sums: Any) -> Any:  # noqa: ANN401 arrays
        right, truth, said = parts(sums)
        n, hits = truth.sum(-1), right.sum(-1)
        above = hits * n - (truth * said).sum(-1)
        below = np.sqrt((n**2 - (said**2).sum(-1)) * (n**2 - (truth**2).sum(-1)))
        return ratio(above, below)

    return Measure(name="mcc", item=by_class(context), value=value, range=(-1.0, 1.0))


def truth_share(prediction: Prediction, target: Any) -> float:  # noqa: ANN401 a label, or a choice's place
    if prediction.choices:
        return prediction.probabilities.get(str(target), 0.0)
    return prediction.probabilities.get(target, 0.0)


def brier(_context: Context) -> Measure:
    """The squared distance to the truth, summed over classes: 0 to 2."""

    def score(prediction: Prediction, target: Any) -> float:  # noqa: ANN401 a label
        share = truth_share(prediction, target)
        return sum(one * one for one in prediction.probabilities.values()) - 2 * share + 1

    return mean("brier", score, higher_is_better=False, range=(0.0, 2.0), worst=2.0)


def log_loss(_context: Context) -> Measure:
    """Nats; a probability of 0 counts as the smallest one, as scikit-learn has it."""
    return mean(
        "log_loss",
        lambda prediction, target: -math.log(min(1.0, max(SMALLEST, truth_share(prediction, target)))),
        higher_is_better=False,
        range=(0.0, None),
        worst=-math.log(SMALLEST),
    )


def ece(_context: Context) -> Measure:
    """Expected calibration error over ten bins of equal width."""

    def item(prediction: Prediction, target: Any) -> tuple[float, ...]:  # noqa: ANN401 a label
        row = [0.0] * (2 * BINS + 1)
        sure = max(prediction.probabilities.values(), default=0.0)
        place = min(BINS - 1, max(0, math.ceil(sure * BINS) - 1))
        right = prediction.chosen == target if prediction.choices else prediction.label == target
        row[place] = sure
        row[BINS + place] = float(right and not prediction.fault)
        row[-1] = 1.0
        return tuple(row)

    def value(sums: Any) -> Any:  # noqa: ANN401 arrays
        return np.abs(sums[..., :BINS] - sums[..., BINS : 2 * BINS]).sum(-1) / sums[..., -1]

    return Measure(name="ece", item=item, value=value, higher_is_better=False)
