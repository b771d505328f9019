"""Tasks and suites: what is asked, of which rows, and how the answers are scored. Declarations, no code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar

from landbridge_plugins.codec import Digested
from landbridge_plugins.errors import SpecError, escape, nearest
from landbridge_plugins.settings import (
    Adaptation,
    Chat,
    DatasetRef,
    Fewshot,
    GenerationSettings,
    GroupUse,
    Limits,
    MetricUse,
    PerturbationUse,
)
from landbridge_plugins.types import Modality

FIELD_KEYS = ("column", "literal")
NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{2,79}")


class Kind(StrEnum):
    """The nine request kinds."""

    LOGLIKELIHOOD = "loglikelihood"
    ROLLING = "loglikelihood_rolling"
    GENERATE = "generate"
    EMBED = "embed"
    CLASSIFY = "classify"
    TAG = "tag"
    EXTRACT_SPAN = "extract_span"
    TRANSCRIBE = "transcribe"
    RANK = "rank"


# The prompt's fields by kind: those it must have, those it may have.
PROMPT_FIELDS: Mapping[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.LOGLIKELIHOOD: (("input", "choices", "target"), ("delimiter",)),
    Kind.ROLLING: (("text",), ()),
    Kind.GENERATE: (("input", "target"), ()),
    Kind.EMBED: (("inputs",), ("role", "pair", "relevance")),
    Kind.CLASSIFY: (("input", "target"), ()),
    Kind.TAG: (("tokens", "tags"), ()),
    Kind.EXTRACT_SPAN: (("question", "context", "answers"), ()),
    Kind.TRANSCRIBE: (("audio", "text"), ()),
    Kind.RANK: (("candidates", "relevant"), ("query", "history")),
}
# The fields that hold what must not be seen before the answer.
TARGET_FIELDS: Mapping[Kind, tuple[str, ...]] = {
    Kind.LOGLIKELIHOOD: ("target",),
    Kind.ROLLING: (),
    Kind.GENERATE: ("target",),
    Kind.EMBED: ("pair", "relevance"),
    Kind.CLASSIFY: ("target",),
    Kind.TAG: ("tags",),
    Kind.EXTRACT_SPAN: ("answers",),
    Kind.TRANSCRIBE: ("text",),
    Kind.RANK: ("relevant",),
}


class Status(StrEnum):
    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Visibility(StrEnum):
    PUBLIC = "public"
    BLIND = "blind"


# What stands in the catalog only, and can change no number.
CATALOG = frozenset(
    {"name", "title", "title_zh", "description", "citation", "tags", "languages", "modalities", "domain"}
    | {"status", "superseded_by", "visibility"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec(Digested):
    """One task. Published, it never changes: any change is a new name.

    A prompt field is ``{"column": C}`` (the raw value), ``{"literal": X}``, a Jinja2 template, or a list of these.
    ``embed`` has ``inputs`` of two fields: with ``pair`` (their gold similarity) a similarity task; with ``relevance``
    (a key of the row's passage: each query looks for the passages of its own key) retrieval; with neither the two are
    translations of each other.
    """

    name: str
    kind: Kind
    dataset: DatasetRef
    prompt: Mapping[str, object]
    metrics: tuple[MetricUse, ...]
    title: str = ""
    title_zh: str = ""
    description: str = ""
    citation: str = ""
    tags: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    modalities: tuple[Modality, ...] = (Modality.TEXT,)
    domain: str = ""
    fewshot: Fewshot | None = None
    chat: Chat = Chat.NEVER
    adaptation: Adaptation = field(default_factory=Adaptation)
    generation: GenerationSettings = field(default_factory=GenerationSettings)
    perturbations: tuple[PerturbationUse, ...] = ()
    groups: tuple[GroupUse, ...] = ()
    cluster_by: str | None = None
    limits: Limits = field(default_factory=Limits)
    chance: float | None = None
    ceiling: float | None = None
    status: Status = Status.DRAFT
    superseded_by: str | None = None
    visibility: Visibility = Visibility.PUBLIC

    undigested: ClassVar[frozenset[str]] = CATALOG

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise SpecError("/name", f'"{self.name}" must be 3 to 80 of a-z, 0-9, "_", "-", ".", no mark first.')
        self._check_prompt()
        self._check_metrics()

    def _check_prompt(self) -> None:
        required, optional = PROMPT_FIELDS[self.kind]
        for name, value in self.prompt.items():
            if name not in required + optional:
                known = nearest(name, required + optional)
                raise SpecError(f"/prompt/{escape(name)}", f'unknown field "{name}" for {self.kind}.{known}')
            check_field(value, f"/prompt/{escape(name)}")
        for name in required:
            if name not in self.prompt:
                raise SpecError(f"/prompt/{name}", f"is required for {self.kind}.")

    def _check_metrics(self) -> None:
        if not self.metrics:
            raise SpecError("/metrics", "must name at least one metric.")
        names = [one.name for one in self.metrics]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise SpecError(f"/metrics/{index}", f'"{name}" stands twice.')
        if sum(one.primary for one in self.metrics) != 1:
            raise SpecError("/metrics", "exactly one metric must be primary.")

    @classmethod
    def normalized(cls, value: Mapping[str, Any], _pointer: str) -> Mapping[str, Any]:
        """Metrics may be bare names; without a primary one the first is."""
        given = value.get("metrics")
        if not isinstance(given, (list, tuple)):
            return value
        bare = all(isinstance(one, str) for one in given)
        metrics = [
            {"name": one, "primary": bare and index == 0} if isinstance(one, str) else one
            for index, one in enumerate(given)
        ]
        return {**value, "metrics": metrics}

    @property
    def primary(self) -> MetricUse:
        """The metric that boards rank by."""
        return next(one for one in self.metrics if one.primary)

    def columns(self, *fields: str) -> tuple[str, ...]:
        """The dataset's columns that the prompt's ``fields`` (all of them, if none is named) read directly."""
        wanted = fields or tuple(self.prompt)
        found = [one for name in wanted if name in self.prompt for one in columns_of(self.prompt[name])]
        return tuple(dict.fromkeys(found))

    @property
    def target_columns(self) -> tuple[str, ...]:
        """The columns that must not reach the model."""
        return self.columns(*TARGET_FIELDS[self.kind]) if TARGET_FIELDS[self.kind] else ()


def columns_of(value: object) -> list[str]:
    if isinstance(value, Mapping):
        return [str(value["column"])] if "column" in value else []
    if isinstance(value, (list, tuple)):
        return [name for one in value for name in columns_of(one)]
    return []


def check_field(value: object, pointer: str) -> None:
    if isinstance(value, str):
        return
    if isinstance(value, (list, tuple)):
        for index, one in enumerate(value):
            check_field(one, f"{pointer}/{index}")
        return
    if not isinstance(value, Mapping) or len(value) != 1:
        raise SpecError(pointer, 'must be {"column": …}, {"literal": …}, a template, or a list of these.')
    key, inner = next(iter(value.items()))
    if key not in FIELD_KEYS:
        raise SpecError(f"{pointer}/{escape(str(key))}", f"unknown key.{nearest(str(key), FIELD_KEYS)}")
    if key == "column" and not isinstance(inner, str):
        raise SpecError(f"{pointer}/column", "must be a string.")
