"""Jobs, results, tasks and suites as JSON."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from landbridge.core import signing, time
from landbridge.core.machine import Who
from landbridge.evaluations import quotas, reruns
from landbridge.evaluations.machine import ACTIVE, JOB, TERMINAL
from landbridge.evaluations.models import (
    Attempt,
    Job,
    QuotaWindow,
    Result,
    Score,
    Share,
    Suite,
    SuiteRevision,
    TaskRecord,
    Worker,
)
from landbridge.evaluations.queries import Standing


def job_json(job: Job, standing: Standing, *, may_act: bool = False) -> dict[str, Any]:
    """A job's body. ``reason`` is never empty; ``may_act``: the caller is a member or the operator."""
    result = getattr(job, "result", None)
    return {
        **job_line(job),
        "queue_position": standing.position,
        "eta": standing.eta,
        "reason": standing.reason.to_json(),
        "skipped": job.skipped,
        "event_seq": job.event_seq,
        "allowed_actions": actions(job) if may_act else [],
        "result": {"id": result.pk, "url": f"/api/v1/results/{result.pk}"} if result else None,
    }


def job_line(job: Job) -> dict[str, Any]:
    """What lists show: nothing that needs another query."""
    return {
        "id": job.pk,
        "kind": job.kind,
        "state": job.state,
        "model": str(job.repo),
        "revision": job.commit,
        "suite": job.evaluation.suite_revision.suite.name if job.evaluation else None,
        "code": job.code,
        "attempt": job.attempt,
        "progress": progress_json(job),
        "fault": fault_json(job),
        "submitted_at": time.text(job.submitted_at),
        "ended_at": time.text(job.ended_at) if job.ended_at else None,
        "rerun_of": job.rerun_of_id,
        "links": links(job),
    }


def links(job: Job) -> dict[str, str]:
    here = f"/api/v1/jobs/{job.pk}"
    return {"self": here, "events": f"{here}/events", "logs": f"{here}/logs", "html": f"/jobs/{job.pk}"}


def progress_json(job: Job) -> dict[str, Any]:
    said = job.progress or {}
    done = job.items_total if job.state == "done" else int(said.get("items_done") or 0)
    return {
        "done": min(done, job.items_total),
        "total": job.items_total,
        "unit": "items",
        "stage": str(said.get("stage") or "") if job.state in ACTIVE else "",
    }


def fault_json(job: Job) -> dict[str, Any] | None:
    """The last fault: of a failed job why it failed, of a waiting one why it is tried again."""
    return None if job.state == "done" else _fault(job.fault)


def _fault(fault: Mapping[str, Any]) -> dict[str, Any] | None:
    return {key: str(fault.get(key, "")) for key in ("kind", "code", "text", "who", "stage")} if fault else None


def attempt_json(attempt: Attempt) -> dict[str, Any]:
    """One lease, from its grant to its end; ``attempt.shards`` was counted by ``queries.attempts_of``."""
    return {
        "number": attempt.number,
        "worker": attempt.worker.name,
        "pool": attempt.worker.pool,
        "device": attempt.device.removeprefix("class:"),
        "started_at": time.text(attempt.started_at),
        "running_at": time.text(attempt.running_at) if attempt.running_at else None,
        "ended_at": time.text(attempt.ended_at) if attempt.ended_at else None,
        "outcome": attempt.outcome,
        "counted": attempt.counted,
        "fault": _fault(attempt.fault),
        "shards": attempt.shards,  # type: ignore[attr-defined] # annotated
        "log_bytes": attempt.log_next,
        "logs": f"/api/v1/jobs/{attempt.job_id}/logs?attempt={attempt.number}",
    }


def worker_json(worker: Worker) -> dict[str, Any]:
    """A machine of an organization, for its owners."""
    return {
        "id": worker.pk,
        "name": worker.name,
        "pool": worker.pool,
        "enabled": worker.enabled,
        "draining": worker.draining,
        "stale": worker.stale,
        "slots": worker.slots,
        "labels": worker.labels,
        "software": worker.software,
        "last_seen": time.text(worker.last_seen) if worker.last_seen else None,
        "created_at": time.text(worker.created_at),
    }


def quota_json(share: Share | None, window: QuotaWindow | None, now: datetime) -> dict[str, Any]:
    """What an organization may queue today, and run at once."""
    fresh = share or Share()
    daily = settings.LANDBRIDGE_DAILY_JOBS if fresh.daily_limit is None else fresh.daily_limit
    return {
        "daily_limit": window.limit if window else daily,
        "used": window.used if window else 0,
        "resets_at": time.text(quotas.reset_after(now)),
        "own_limit": fresh.daily_limit,
        "running": fresh.running,
        "running_limit": fresh.running_limit,
        "weight": fresh.weight,
    }


def actions(job: Job) -> list[str]:
    found = set(JOB.allowed(job.state, Who.MEMBER))
    if job.state in ACTIVE and not job.cancel_requested:
        found.add("cancel")
    if job.state in TERMINAL and job.evaluation_id is not None:
        found.add("rerun")
    return sorted(found)


def result_json(result: Result, scores: Iterable[Score]) -> dict[str, Any]:
    """With how to check it: the attestation, the predictions where all may have them, and the command's line."""
    root = signing.root_key()
    job = result.job
    return {
        "id": result.pk,
        "job": result.job_id,
        "model": str(job.repo),
        "revision": job.commit,
        "model_digest": job.tree_digest,
        "suite": job.question.suite_revision.suite.name,
        "code": job.code,
        "accepted_at": time.text(result.accepted_at),
        "independent": result.pool == "operator",
        "pool": result.pool,
        "scores": [score_json(score) for score in scores],
        "manifest": result.body.get("manifest", {}),
        "device_class": result.device_class,
        "rerun_of": job.rerun_of_id,
        "comparison": reruns.shown(result),
        "predictions": {"url": f"/api/v1/results/{result.pk}/predictions"} if reruns.open_shards(result) else None,
        "verify": f"landbridge verify attestation.json --keys keys.json --root {root.keyid}" if root else "",
        "attestation": {"url": f"/api/v1/results/{result.pk}/attestation", "sha256": result.digest},
    }


def score_json(score: Score) -> dict[str, Any]:
    numbers = {"value": score.value, "ci95": [score.lo, score.hi], "n": score.n} if score.value is not None else None
    return {
        "task": score.task.name,
        "metric": score.metric,
        "primary": score.primary,
        "score": numbers,
        "method": score.method,
        "missing": {"code": score.missing, "text": score.text} if score.missing else None,
        "flags": score.flags,
    }


def task_json(task: TaskRecord) -> dict[str, Any]:
    """A task with the whole of its declaration and the data that pins it."""
    return {
        "name": task.name,
        "title": task.title,
        "digest": task.digest,
        "metric": task.metric,
        "higher_is_better": task.higher_is_better,
        "status": task.status,
        "counts": task.counts,
        "dataset": {
            "repo": str(task.dataset.repo),
            "revision": task.dataset.commit,
            "digest": task.data_digest,
            "labels_digest": task.labels_digest,
        },
        "spec": task.spec,
    }


def suite_json(suite: Suite, revision: SuiteRevision | None = None) -> dict[str, Any]:
    said: dict[str, Any] = {
        "name": suite.name,
        "title": suite.title,
        "title_zh": suite.title_zh,
        "url": f"/api/v1/suites/{suite.name}",
    }
    if revision is not None:
        rows = [(row.task, row.weight) for row in revision.rows.select_related("task").order_by("place")]
        said |= {
            "revision": revision.number,
            "digest": revision.digest,
            "plan": revision.spec.get("plan", {}),
            "aggregate": revision.spec.get("aggregate"),
            "tasks": [{"name": task.name, "digest": task.digest, "weight": weight} for task, weight in rows],
        }
    return said
