"""Metrics over log-likelihoods: choices, and whole texts."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics.base import Context, Measure, proportion
from landbridge_evaluation.predictions import Prediction


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


def rate(name: str, value: Callable[[Any], Any], *, lowest: float) -> Measure:
    """A positive ratio of summed log-likelihoods to summed lengths."""

    def closed(stats: Any) -> tuple[float, float, str]:  # noqa: ANN401 an array
        with np.errstate(all="ignore"):
            return (*statistics.log_jackknife(stats, value), "log_jackknife_t")

    return Measure(name=name, item=lengths, value=value, closed=closed, higher_is_better=False, range=(lowest, None))


def bits_per_byte(_context: Context) -> Measure:
    return rate("bits_per_byte", lambda sums: -sums[..., 0] / (sums[..., 1] * math.log(2)), lowest=0.0)


def byte_perplexity(_context: Context) -> Measure:
    return rate("byte_perplexity", lambda sums: np.exp(-sums[..., 0] / sums[..., 1]), lowest=1.0)


def word_perplexity(_context: Context) -> Measure:
    """Words are what stands between white space: a paragraph of Chinese is one. Compare bits_per_byte instead."""
    return rate("word_perplexity", lambda sums: np.exp(-sums[..., 0] / sums[..., 2]), lowest=1.0)
