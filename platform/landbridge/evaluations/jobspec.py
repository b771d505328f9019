"""What a leased job tells its worker: the JobSpec of the worker API (execution, section 3)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from landbridge.core import time
from landbridge.core.prepared import Prepared, slot
from landbridge.evaluations.models import Attempt, Job, Shard, TaskRecord
from landbridge_registry.models import Repo, RepoType, Visibility


@dataclass(frozen=True, slots=True)
class Contents:
    """A job's shards in order, and the tasks that they were planned for; read once."""

    shards: list[Shard]
    tasks: list[TaskRecord]


def contents_of(job: Job) -> Contents:
    shards = _shards.all(job=job)
    return Contents(shards, list({shard.task.name: shard.task for shard in shards}.values()))


_shards = Prepared(
    lambda: (
        Shard.objects.filter(job=slot(Shard, "job")).select_related("task__dataset__repo__namespace").order_by("index")
    )
)


def plan_of(shards: Iterable[Shard]) -> list[dict[str, Any]]:
    return [{"index": one.index, "task": one.task.name, "start": one.start, "stop": one.stop} for one in shards]


def repos_of(job: Job, contents: Contents) -> list[dict[str, str]]:
    """The repositories, each at its one revision, that the job's token may read."""
    datasets = {task.dataset_id: task.dataset for task in contents.tasks}
    model = _reach(RepoType.MODEL, job.repo, job.commit)
    return [model, *(_reach(RepoType.DATASET, data.repo, data.commit) for data in datasets.values())]


def _reach(kind: str, repo: Repo, commit: str) -> dict[str, str]:
    return {"type": str(kind), "repo": str(repo), "revision": commit}


def body(job: Job, attempt: Attempt, contents: Contents, hub: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of the lease."""
    return {
        "job": job.pk,
        "attempt": attempt.number,
        "kind": job.kind,
        "model": {
            "repo": str(job.repo),
            "revision": job.commit,
            "digest": job.tree_digest,
            "private": is_private(job.repo),
        },
        "plugin": None,  # unless the configuration names one
        "tasks": [task.spec for task in contents.tasks],
        "data": data_of(contents.tasks),
        "shards": plan_of(contents.shards),
        **job.configuration,
        "limits": {},
        "blind": False,
        "isolation": "required" if job.code else "trusted",
        "pool": job.pool,
        "attempts": attempt.number,
        "hub": dict(hub),
    }


def data_of(tasks: list[TaskRecord]) -> list[dict[str, Any]]:
    """The sealed datasets, each with the tasks that read it."""
    found: dict[str, dict[str, Any]] = {}
    for task in tasks:
        one = found.setdefault(
            task.dataset_id,
            {
                "repo": str(task.dataset.repo),
                "revision": task.dataset.commit,
                "digest": task.data_digest,
                "labels_digest": task.labels_digest,
                "private": is_private(task.dataset.repo),
                "tasks": [],
            },
        )
        one["tasks"].append(task.name)
    return list(found.values())


def is_private(repo: Repo) -> bool:
    """A worker keeps it no longer than the job needs it."""
    return repo.visibility == Visibility.PRIVATE


def hub_of(url: str, text: str, attempt: Attempt) -> dict[str, str]:
    """Where files are fetched, and the token that opens them until the lease ends."""
    until = attempt.job.lease_until or attempt.started_at
    return {"url": url, "token": text, "expires": time.text(until)}
