"""How a plugin brings a metric of its own, or a way to disturb items."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landbridge_plugins.types import Modality


class Needs(StrEnum):
    """What a metric reads of a prediction."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"
    LOGPROBS = "logprobs"
    TEXT = "text"
    RANKS = "ranks"


class Interval(StrEnum):
    """Which 95 % interval a metric's value gets."""

    WILSON = "wilson"  # a proportion
    T = "t"  # a mean
    FISHER_Z = "fisher_z"  # a rank correlation
    BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """A metric: sums over items, and what the sums mean.

    ``item(prediction, target)`` gives at most 64 numbers; ``value(sums)`` turns their sums (last axis) into the metric,
    vectorized over leading axes. A metric that is no function of sums gives ``rows(rows, index)`` instead: the value
    over the chosen items. Intervals, subgroups and paired tests follow from this one shape.
    """

    name: str
    kinds: tuple[str, ...]
    needs: Needs
    item: Callable[[Any, Any], tuple[float, ...]]
    value: Callable[[Any], Any] | None = None
    rows: Callable[[Any, Any], float] | None = None
    interval: Interval = Interval.BOOTSTRAP
    aliases: tuple[str, ...] = ()
    higher_is_better: bool = True
    range: tuple[float | None, float | None] = (0.0, 1.0)
    unit: str = ""
    library: str = "landbridge"


@dataclass(frozen=True, slots=True)
class Perturbed:
    """A disturbed item. ``alignment`` maps old to new offsets; None where they are lost."""

    item: Any
    alignment: Sequence[int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbationSpec:
    """A disturbance that must not change the answer. ``apply(item, rng, strength)``; strength 0 is the identity.

    ``item`` is what a model gets: a text, a picture (uint8, height, width, channels) or a sound (float32, 16 kHz).
    ``rng`` is NumPy's generator, keyed by task, item, name and strength: equal runs disturb alike.
    """

    name: str
    apply: Callable[[Any, Any, int], Perturbed]
    description: str = ""  # a sentence: what it does, and how much at each strength
    modalities: tuple[Modality, ...] = (Modality.TEXT,)
    languages: tuple[str, ...] = ()  # none: any
    strengths: int = 3
    preserves: tuple[str, ...] = ("label",)  # "label", "spans"
