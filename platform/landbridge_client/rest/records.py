"""What the API answers, as dataclasses. Each keeps the whole JSON in ``data``: a newer server may say more."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Self

TERMINAL = frozenset({"done", "failed", "cancelled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    data: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, data: Mapping[str, Any]) -> Self:
        """Take the fields that this class knows; what is absent or null has its default."""
        known = {item.name for item in fields(cls)} - {"data"}
        return cls(data=data, **{name: data[name] for name in known if data.get(name) is not None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Record):
    username: str = ""
    email: str = ""
    organizations: list[dict[str, Any]] = field(default_factory=list)
    scopes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token(Record):
    """``token`` is the text, shown once, at creation."""

    id: str
    name: str = ""
    scopes: list[str] = field(default_factory=list)
    expires_at: str = ""
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model(Record):
    id: str  # namespace/name
    visibility: str = ""
    license: str = ""
    summary: str = ""
    versions: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version(Record):
    """A sealed revision."""

    id: str = ""
    commit: str = ""
    tree_digest: str = ""
    sealed_at: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Record):
    """A version of a plugin: one wheel, for good."""

    name: str
    version: str
    organization: str = ""
    model: str = ""
    wheel: str = ""
    wheel_sha256: str = ""
    models: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding(Record):
    code: str
    message: str
    blocking: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission(Record):
    id: str
    state: str
    model: str = ""
    revision: str = ""
    suite: str = ""
    job: dict[str, Any] | None = None
    fault: dict[str, Any] | None = None
    findings: list[dict[str, Any]] = field(default_factory=list)
    allowed_actions: list[str] = field(default_factory=list)

    @property
    def job_id(self) -> str | None:
        return str(self.job["id"]) if self.job else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Job(Record):
    id: str
    state: str
    model: str = ""
    revision: str = ""
    suite: str = ""
    attempt: int = 0
    queue_position: int | None = None
    reason: dict[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] = field(default_factory=dict)
    fault: dict[str, Any] | None = None
    result: dict[str, Any] | None = None

    @property
    def result_id(self) -> str | None:
        return str(self.result["id"]) if self.result else None

    @property
    def ended(self) -> bool:
        return self.state in TERMINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Result(Record):
    """``scores``: per task and metric a value with its 95 % interval and n, or why there is none."""

    id: str
    job: str = ""
    model: str = ""
    suite: str = ""
    scores: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Record):
    """One line of a job's history; ``seq`` orders them without gaps."""

    seq: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Board(Record):
    board: str = ""
    title: str = ""
    suite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry(Record):
    """A row of a board, of one task or ``overall``. ``rank`` is ``None`` for a model that lacks a score."""

    task: str = ""
    model: str = ""
    rank: int | None = None
    score: dict[str, Any] | None = None
    missing: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite(Record):
    name: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Record):
    id: str
    type: str = ""
    licensor: str = ""
    model: str = ""
    state: str = ""
    terms: dict[str, Any] = field(default_factory=dict)
    page: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(Record):
    number: str = ""
    id: str = ""
    type: str = ""
    state: str = ""
    model: str = ""
    slots: list[dict[str, Any]] = field(default_factory=list)
    waits_for: list[str] = field(default_factory=list)
    statement_sha256: str | None = None
    consent: str = ""
    page: str = ""
    allowed_actions: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """What its address is made of."""
        return self.number or self.id
