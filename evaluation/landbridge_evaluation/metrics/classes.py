"""Metrics of named classes: a rare intent, the rows out of scope, every class by itself."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from landbridge_evaluation import statistics
from landbridge_evaluation.metrics.base import Closed, Context, Measure
from landbridge_evaluation.metrics.estimate import Estimate, estimate
from landbridge_evaluation.metrics.labels import parts, ratio
from landbridge_evaluation.predictions import Prediction

Sums = Callable[[Any], tuple[Any, Any]]  # sums over items to what is counted, and of how many


def precision(context: Context) -> Measure:
    """Of what was given one of ``classes``, the share that is it."""
    return counted("precision", named(context), lambda sums: (sums[..., 0], sums[..., 2]))


def recall(context: Context) -> Measure:
    """Of the rows of ``classes``, the share that was found."""
    return counted("recall", named(context), lambda sums: (sums[..., 0], sums[..., 1]))


def f1(context: Context) -> Measure:
    """Micro over ``classes``; of one class it is the usual F1."""
    classes = named(context)
    return Measure(
        name="_".join(("f1", *classes)),
        item=hits(classes),
        value=lambda sums: ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2]),
        closed=wilson_f1 if len(classes) == 1 else None,
    )


def named(context: Context) -> tuple[str, ...]:
    """The classes that the metric's parameters name. Raises ``ValueError`` for none, or one that is no label."""
    asked = context.params.get("classes")
    classes = tuple(str(one) for one in asked) if isinstance(asked, list | tuple) else ()
    unknown = [one for one in classes if context.labels and one not in context.labels]
    if not classes or unknown:
        raise ValueError(f"classes: no label {unknown[0]!r}" if unknown else "classes: a list of labels is needed")
    return classes


def counted(name: str, classes: tuple[str, ...], of: Sums) -> Measure:
    return Measure(
        name="_".join((name, *classes)),
        item=hits(classes),
        value=lambda sums: ratio(*of(np.asarray(sums))),
        closed=wilson_of(of),
    )


def hits(classes: Sequence[str]) -> Callable[[Prediction, Any], tuple[float, ...]]:
    """Per row: right, of the classes in truth, given one of the classes."""
    chosen = frozenset(classes)

    def item(prediction: Prediction, target: Any) -> tuple[float, ...]:  # noqa: ANN401 a label
        truth, said = target in chosen, prediction.label in chosen and not prediction.fault
        return float(said and prediction.label == target), float(truth), float(said)

    return item


def wilson_of(of: Sums) -> Closed:
    """Wilson's interval over the rows that count, not over all."""

    def closed(stats: Any) -> tuple[float, float, str]:  # noqa: ANN401 an array
        above, below = of(stats.sum(0))
        return (*statistics.wilson(float(above), int(below)), "wilson")

    return closed


def wilson_f1(stats: Any) -> tuple[float, float, str]:  # noqa: ANN401 an array
    """F1 = 2J / (1 + J), J the share of right ones among rows in truth or answer: a proportion (Hand et al. 2021)."""
    right, truth, said = (float(one) for one in stats.sum(0))
    low, high = statistics.wilson(right, int(truth + said - right))
    return 2 * low / (1 + low), 2 * high / (1 + high), "wilson_f_star"


def per_class(labels: Sequence[str], stats: Any, *, key: str) -> Mapping[str, Mapping[str, Estimate]]:  # noqa: ANN401 an array
    """Precision, recall and F1 of each label that occurs, from the rows (n, 3K) of ``labels.by_class``."""
    right, truth, said = parts(np.asarray(stats, dtype=np.float64))
    found: dict[str, Mapping[str, Estimate]] = {}
    for place, label in enumerate(labels):
        rows = np.stack([right[:, place], truth[:, place], said[:, place]], axis=1)
        if rows.any():
            alone = Context(labels=tuple(labels), params={"classes": [label]})
            found[label] = {
                name: estimate(make(alone), rows, key=key)
                for name, make in (("precision", precision), ("recall", recall), ("f1", f1))
            }
    return found
