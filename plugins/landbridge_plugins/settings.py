"""The parts of a task: where its rows are, how a model is adapted, what bounds it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from landbridge_plugins.codec import Spec
from landbridge_plugins.errors import SpecError

SCHEMES = ("bundled", "local", "hub", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRef(Spec):
    """Which rows of which data. ``ref``: ``bundled:NAME``, ``local:NAME``, ``hub:OWNER/NAME`` or ``file:PATH``."""

    ref: str
    split: str
    config: str | None = None
    train_split: str | None = None
    validation_split: str | None = None
    revision: str | None = None  # 40 hex digits, never a branch
    digest: str | None = None
    where: Mapping[str, tuple[object, ...]] | None = None  # keep rows whose column has one of the values
    license: str = ""
    commercial: bool | None = None

    undigested: ClassVar[frozenset[str]] = frozenset({"license", "commercial"})

    def __post_init__(self) -> None:
        scheme, mark, rest = self.ref.partition(":")
        if scheme not in SCHEMES or not mark or not rest:
            raise SpecError("/ref", f'"{self.ref}" must start with one of ' + ", ".join(f"{s}:" for s in SCHEMES) + ".")

    @property
    def splits(self) -> tuple[str, ...]:
        """Train, validation, test: those it has."""
        return tuple(one for one in (self.train_split, self.validation_split, self.split) if one)


class ShotStrategy(StrEnum):
    FIRST = "first"
    SEEDED = "seeded"
    BALANCED = "balanced"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fewshot(Spec):
    """Solved examples before the question. Several seeds show how much the choice of examples matters."""

    k: int
    split: str
    strategy: ShotStrategy = ShotStrategy.FIRST
    seeds: tuple[int, ...] = (0,)
    delimiter: str = "\n\n"
    description: str = ""


class Chat(StrEnum):
    NEVER = "never"
    AUTO = "auto"
    REQUIRED = "required"


class Method(StrEnum):
    NONE = "none"
    HEAD = "head"  # a linear model on frozen features, fitted outside the child
    LEARNING_CURVE = "learning_curve"
    LORA = "lora"
    ADALORA = "adalora"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adaptation(Spec):
    """How a model meets the task's training rows, and how much of that is allowed."""

    method: Method = Method.NONE
    c: float | None = None  # the head's inverse regularization; None: chosen by validation log-loss
    r: int = 8
    alpha: int = 16
    max_steps: int | None = None
    max_seconds: float | None = None
    max_train_items: int | None = None
    max_trainable: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Spec):
    """One step from the raw text to the answer: regex, strip, lower, first_line, last_number."""

    name: str
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationSettings(Spec):
    max_tokens: int = 256
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    top_p: float = 1.0
    samples: int = 1
    filters: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricUse(Spec):
    name: str
    params: Mapping[str, object] | None = None
    primary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbationUse(Spec):
    name: str
    strengths: tuple[int, ...] = (1, 2, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupUse(Spec):
    """Scores apart for each value of a column, where it has at least ``min_n`` rows."""

    column: str
    min_n: int = 30
    positive: str | None = None


class Overflow(StrEnum):
    LEFT = "left"
    ERROR = "error"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits(Spec):
    max_length: int | None = None  # tokens
    max_items: int | None = None
    overflow: Overflow = Overflow.LEFT


class Aggregate(StrEnum):
    MEAN_NORMALIZED = "mean_normalized"
    BORDA = "borda"
    MEAN = "mean"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTask(Spec):
    task: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Spec):
    """What fixes the numbers of a board: all its models run under one plan."""

    dtype: str = "auto"
    batch_tokens: int | None = None
    seeds: tuple[int, ...] = (0,)
    device_class: str | None = None
