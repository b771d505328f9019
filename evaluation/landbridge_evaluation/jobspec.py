"""What the platform asks a worker to do: the JobSpec of the worker API, and the command line's own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landbridge_evaluation.planning import ShardPlan
from landbridge_plugins import TaskSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRef:
    """A sealed model."""

    repo: str
    revision: str
    digest: str  # of its tree
    private: bool = False  # not kept on a machine after the job

    def to_json(self) -> dict[str, Any]:
        return {"repo": self.repo, "revision": self.revision, "digest": self.digest}


@dataclass(frozen=True, slots=True, kw_only=True)
class DataRef:
    """A sealed dataset, and which of the job's tasks read it."""

    repo: str
    revision: str
    digest: str
    labels_digest: str
    tasks: tuple[str, ...] = ()
    private: bool = False

    def to_json(self) -> dict[str, Any]:
        return {
            "repo": self.repo,
            "revision": self.revision,
            "digest": self.digest,
            "labels_digest": self.labels_digest,
            "tasks": list(self.tasks),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class HubAccess:
    """Where weights and data are fetched, with a token that dies with the lease."""

    url: str
    token: str
    expires: str

    def to_json(self) -> dict[str, Any]:
        return {"url": self.url, "token": self.token, "expires": self.expires}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Limits of an attempt. ``items`` keeps the first rows of each task; the result is then marked limited."""

    wall_s: float | None = None
    memory_mb: int | None = None
    items: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {"wall_s": self.wall_s, "memory_mb": self.memory_mb, "items": self.items}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobSpec:
    job: str
    attempt: int
    model: ModelRef
    tasks: tuple[TaskSpec, ...]
    data: tuple[DataRef, ...]
    shards: tuple[ShardPlan, ...]
    kind: str = "evaluation"
    plugin: Mapping[str, Any] | None = None
    seeds: tuple[int, ...] = (0,)
    device: str = "auto"
    dtype: str = "auto"
    batch_tokens: int | None = None
    limits: Bounds = Bounds()
    blind: bool = False
    isolation: str = "trusted"
    hub: HubAccess | None = None
    axes: tuple[
        str, ...
    ] = ()  # beyond what the tasks themselves name: "robustness" adds a default set of perturbations

    def to_json(self) -> dict[str, Any]:
        return {
            "job": self.job,
            "attempt": self.attempt,
            "kind": self.kind,
            "model": self.model.to_json(),
            "plugin": dict(self.plugin) if self.plugin is not None else None,
            "tasks": [task.to_json() for task in self.tasks],
            "data": [one.to_json() for one in self.data],
            "shards": [one.to_json() for one in self.shards],
            "seeds": list(self.seeds),
            "device": self.device,
            "dtype": self.dtype,
            "batch_tokens": self.batch_tokens,
            "limits": self.limits.to_json(),
            "blind": self.blind,
            "isolation": self.isolation,
            "hub": self.hub.to_json() if self.hub is not None else None,
            "axes": list(self.axes),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "JobSpec":
        """The job in ``value``. Keys it does not know are ignored: a newer platform may say more."""
        limits, hub = value.get("limits") or {}, value.get("hub")
        return cls(
            job=value["job"],
            attempt=value["attempt"],
            kind=value.get("kind", "evaluation"),
            model=model_ref(value["model"]),
            plugin=value.get("plugin"),
            tasks=tuple(TaskSpec.from_json(one) for one in value["tasks"]),
            data=tuple(data_ref(one) for one in value["data"]),
            shards=tuple(ShardPlan(**{key: one[key] for key in ShardPlan.__slots__}) for one in value["shards"]),
            seeds=tuple(value.get("seeds") or (0,)),
            device=value.get("device") or "auto",
            dtype=value.get("dtype") or "auto",
            batch_tokens=value.get("batch_tokens"),
            limits=Bounds(**{key: limits.get(key) for key in Bounds.__slots__}),
            blind=value.get("blind", False),
            isolation=value.get("isolation", "required"),
            hub=HubAccess(**{key: hub[key] for key in HubAccess.__slots__}) if hub else None,
            axes=tuple(value.get("axes") or ()),
        )

    def shards_of(self, task: str) -> tuple[ShardPlan, ...]:
        return tuple(one for one in self.shards if one.task == task)


def model_ref(value: Mapping[str, Any]) -> ModelRef:
    named = {key: value[key] for key in ("repo", "revision", "digest")}
    return ModelRef(**named, private=bool(value.get("private", False)))


def data_ref(value: Mapping[str, Any]) -> DataRef:
    named = {key: value[key] for key in ("repo", "revision", "digest", "labels_digest")}
    return DataRef(**named, tasks=tuple(value.get("tasks", ())), private=bool(value.get("private", False)))
