"""Metrics over log-likelihoods: choices, and whole texts."""

import math
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from landbridge_evaluation.metrics.base import Context, Measure, proportion
from landbridge_evaluation.predictions import Prediction
from landbridge_plugins import Interval


def best(values: Sequence[float]) -> int:
    """The place of the highest, ties to the lowest place."""
    return max(range(len(values)), key=lambda place: (values[place], -place))


def acc(_context: Context) -> Measure:
    return proportion("acc", lambda prediction, target: best(prediction.logprobs) == target)


def acc_norm(_context: Context) -> Measure:
    """Log-likelihood per character of the choice."""

    def right(prediction: Prediction, target: Any) -> bool:  # noqa: ANN401 a place
        per = [one / len(text) for one, text in zip(prediction.logprobs, prediction.choices, strict=True)]
        return best(per) == int(target)

    return proportion("acc_norm", right)


def acc_bytes(_context: Context) -> Measure:
    """Log-likelihood per UTF-8 byte of the choice."""

    def right(prediction: Prediction, target: Any) -> bool:  # noqa: ANN401 a place
        per = [one / len(text.encode()) for one, text in zip(prediction.logprobs, prediction.choices, strict=True)]
        return best(per) == int(target)

    return proportion("acc_bytes", right)


def lengths(prediction: Prediction, _target: object) -> tuple[float, ...]:
    text = prediction.text
    return prediction.logprobs[0], float(len(text.encode())), float(len(re.split(r"\s+", text)))


def bits_per_byte(_context: Context) -> Measure:
    return Measure(
        name="bits_per_byte",
        item=lengths,
        value=lambda sums: -sums[..., 0] / (sums[..., 1] * math.log(2)),
        interval=Interval.BOOTSTRAP,
        higher_is_better=False,
        range=(0.0, None),
    )


def byte_perplexity(_context: Context) -> Measure:
    return Measure(
        name="byte_perplexity",
        item=lengths,
        value=lambda sums: np.exp(-sums[..., 0] / sums[..., 1]),
        higher_is_better=False,
        range=(1.0, None),
    )


def word_perplexity(_context: Context) -> Measure:
    """Words are what stands between white space: a paragraph of Chinese is one. Compare bits_per_byte instead."""
    return Measure(
        name="word_perplexity",
        item=lengths,
        value=lambda sums: np.exp(-sums[..., 0] / sums[..., 2]),
        higher_is_better=False,
        range=(1.0, None),
    )
