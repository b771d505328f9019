"""What a leased job tells its worker: the JobSpec of the worker API (execution, section 3)."""

from collections.abc import Mapping
from typing import Any

from landbridge.core import time
from landbridge.evaluations.models import Attempt, Job, Shard, TaskRecord
from landbridge_registry.models import RepoType, Revision


def tasks_of(job: Job) -> list[TaskRecord]:
    """The tasks that the job's shards were planned for, in that order."""
    found: dict[str, TaskRecord] = {}
    for shard in Shard.objects.filter(job=job).select_related("task__dataset__repo__namespace").order_by("index"):
        found.setdefault(shard.task.name, shard.task)
    return list(found.values())


def repos_of(job: Job) -> list[dict[str, str]]:
    """The repositories, each at its one revision, that the job's token may read."""
    model = Revision.objects.select_related("repo__namespace").get(pk=job.evaluation.revision_id)
    datasets = {task.dataset_id: task.dataset for task in tasks_of(job)}
    return [_reach(RepoType.MODEL, model), *(_reach(RepoType.DATASET, data) for data in datasets.values())]


def _reach(kind: str, revision: Revision) -> dict[str, str]:
    return {"type": str(kind), "repo": str(revision.repo), "revision": revision.commit}


def body(job: Job, attempt: Attempt, hub: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of the lease."""
    model = Revision.objects.select_related("repo__namespace").get(pk=job.evaluation.revision_id)
    tasks = tasks_of(job)
    plan = Shard.objects.filter(job=job).order_by("index").values_list("index", "task__name", "start", "stop")
    return {
        "job": job.pk,
        "attempt": attempt.number,
        "kind": job.kind,
        "model": {"repo": str(model.repo), "revision": model.commit, "digest": model.tree_digest},
        "plugin": None,
        "tasks": [task.spec for task in tasks],
        "data": data_of(tasks),
        "shards": [{"index": index, "task": name, "start": start, "stop": stop} for index, name, start, stop in plan],
        **job.configuration,
        "limits": {},
        "blind": False,
        "isolation": "trusted",  # code-free models and what the operator installed; lab code waits for the sandbox
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
