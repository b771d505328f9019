"""What a leased job tells its worker: the JobSpec of the worker API (execution, section 3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from landbridge.core import time
from landbridge.evaluations.models import Attempt, Job, Shard, TaskRecord
from landbridge_registry.models import Repo, RepoType


@dataclass(frozen=True, slots=True)
class Contents:
    """A job's model, tasks and shards, read once."""

    model: Repo
    tasks: list[TaskRecord]
    plan: list[dict[str, Any]]


def contents_of(job: Job) -> Contents:
    model = Repo.objects.select_related("namespace").get(pk=job.repo_id)
    found: dict[str, TaskRecord] = {}
    plan = []
    for shard in Shard.objects.filter(job=job).select_related("task__dataset__repo__namespace").order_by("index"):
        found.setdefault(shard.task.name, shard.task)
        plan.append({"index": shard.index, "task": shard.task.name, "start": shard.start, "stop": shard.stop})
    return Contents(model, list(found.values()), plan)


def tasks_of(job: Job) -> list[TaskRecord]:
    """The tasks that the job's shards were planned for, in that order."""
    return contents_of(job).tasks


def repos_of(job: Job, contents: Contents) -> list[dict[str, str]]:
    """The repositories, each at its one revision, that the job's token may read."""
    datasets = {task.dataset_id: task.dataset for task in contents.tasks}
    model = _reach(RepoType.MODEL, contents.model, job.commit)
    return [model, *(_reach(RepoType.DATASET, data.repo, data.commit) for data in datasets.values())]


def _reach(kind: str, repo: Repo, commit: str) -> dict[str, str]:
    return {"type": str(kind), "repo": str(repo), "revision": commit}


def body(job: Job, attempt: Attempt, contents: Contents, hub: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of the lease."""
    return {
        "job": job.pk,
        "attempt": attempt.number,
        "kind": job.kind,
        "model": {"repo": str(contents.model), "revision": job.commit, "digest": job.tree_digest},
        "plugin": None,  # unless the configuration names one
        "tasks": [task.spec for task in contents.tasks],
        "data": data_of(contents.tasks),
        "shards": contents.plan,
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
                "tasks": [],
            },
        )
        one["tasks"].append(task.name)
    return list(found.values())


def hub_of(url: str, text: str, attempt: Attempt) -> dict[str, str]:
    """Where files are fetched, and the token that opens them until the lease ends."""
    until = attempt.job.lease_until or attempt.started_at
    return {"url": url, "token": text, "expires": time.text(until)}
