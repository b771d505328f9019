"""Entities in IOB2 tags, counted as seqeval's default does."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

from landbridge_evaluation.metrics.base import Context, Measure
from landbridge_evaluation.metrics.labels import ratio
from landbridge_evaluation.predictions import Prediction

Entity = tuple[str, int, int]
Item = Callable[[Prediction, Sequence[str]], tuple[float, ...]]


def entities(tags: Sequence[str]) -> set[Entity]:
    """(type, first, last). An I- that continues nothing starts an entity, as the CoNLL script has it."""
    found: set[Entity] = set()
    kind, start = "", 0
    for place, tag in enumerate([*tags, "O"]):
        mark, _, name = tag.partition("-")
        if kind and (mark in ("O", "B") or name != kind):
            found.add((kind, start, place - 1))
            kind = ""
        if mark != "O" and not kind:
            kind, start = name, place
    return found


def counts(prediction: Prediction, target: Sequence[str]) -> tuple[float, ...]:
    said = set[Entity]() if prediction.fault else entities(prediction.tags)
    meant = entities(target)
    right = sum(one == other for one, other in zip(prediction.tags, target, strict=False))
    return float(len(said & meant)), float(len(said)), float(len(meant)), float(right), float(len(target))


def of_types(types: Collection[str]) -> Item:
    """As ``counts``, over entities of these types alone; tokens are not counted."""

    def item(prediction: Prediction, target: Sequence[str]) -> tuple[float, ...]:
        said = set[Entity]() if prediction.fault else {one for one in entities(prediction.tags) if one[0] in types}
        meant = {one for one in entities(target) if one[0] in types}
        return float(len(said & meant)), float(len(said)), float(len(meant))

    return item


def named(name: str, context: Context, value: Callable[[Any], Any]) -> Measure:
    """Over all entities, or over those of the ``types`` that the metric's parameters list."""
    asked = context.params.get("types")
    types = tuple(str(one) for one in asked) if isinstance(asked, list | tuple) else ()
    return Measure(name="_".join((name, *types)), item=of_types(types) if types else counts, value=value)


def f1(sums: Any) -> Any:  # noqa: ANN401 arrays
    return ratio(2 * sums[..., 0], sums[..., 1] + sums[..., 2])


def span_f1(context: Context) -> Measure:
    return named("span_f1", context, f1)


def precision(context: Context) -> Measure:
    return named("precision", context, lambda sums: ratio(sums[..., 0], sums[..., 1]))


def recall(context: Context) -> Measure:
    return named("recall", context, lambda sums: ratio(sums[..., 0], sums[..., 2]))


def token_acc(_context: Context) -> Measure:
    return Measure(name="token_acc", item=counts, value=lambda sums: ratio(sums[..., 3], sums[..., 4]))
