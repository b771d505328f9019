# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""What a worker does under its lease. Every write shows the attempt's number; a stale one is refused."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from landbridge.accounts.models import Token, User
from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.evaluations import faults, steps
from landbridge.evaluations.errors import BadShard
from landbridge.evaluations.events import move_and_tell
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job, Shard, Worker

SEEN = timedelta(seconds=10)


@transaction.atomic(durable=True)
def start_job(*, job_id: str, number: int, worker: Worker, actor: User) -> bool:
    """Weights and data are there, the child runs. False: it was told before."""
    job = steps.hold_lease(job_id, number, worker)
    said = f"Attempt {number} runs on {worker.name}."
    return move_and_tell(job, "start", who=Who.WORKER, at=job.at, text=said)  # type: ignore[attr-defined] # annotated


@transaction.atomic(durable=True)
def heartbeat(*, job_id: str, number: int, worker: Worker, progress: dict[str, Any], actor: User) -> timedelta:
    """Extend the lease and the life of the job's token, and keep the latest progress. Answers how long it holds."""
    lease: timedelta = settings.LANDBRIDGE_LEASE
    now = time.db_now()
    held = Job.objects.filter(steps.fence(job_id, number, worker))
    if held.update(lease_until=now + lease, seen_at=now, progress=progress) != 1:
        raise steps.refusal(job_id)
    token = Attempt.objects.filter(job=job_id, number=number).values("token")
    Token.objects.filter(pk__in=token, revoked_at=None).update(expires_at=now + lease)
    note_seen(worker, now)
    return lease


def unnoted(worker: Worker, now: datetime) -> bool:
    return worker.stale or worker.last_seen is None or now - worker.last_seen > SEEN


@step
def note_seen(worker: Worker, now: datetime) -> None:
    """Who calls lives; noted now and then, not at each call."""
    if unnoted(worker, now):
        Worker.objects.filter(pk=worker.pk).update(last_seen=now, stale=False)


@transaction.atomic(durable=True)
def put_shard(  # noqa: PLR0913 a shard's address, and what it is
    *, job_id: str, number: int, worker: Worker, index: int, sha256: str, size: int, actor: User
) -> tuple[str, bool]:
    """Commit one shard whose bytes are stored. The first valid write stands: its digest, and whether it is this one."""
    job = steps.hold_lease(job_id, number, worker)
    empty = Shard.objects.filter(job=job, index=index, sha256="")
    kept = {"sha256": sha256, "size": size, "attempt": number, "kept_at": time.now()}
    if empty.update(**kept) == 1:
        return sha256, True
    stands = Shard.objects.filter(job=job, index=index).values_list("sha256", flat=True).first()
    if stands is None:
        raise BadShard(f"This job has no shard {index}.")
    return stands, False


@transaction.atomic(durable=True)
def release_job(*, job_id: str, number: int, worker: Worker, reason: str, actor: User) -> str:
    """Give a job back that the worker cannot go on with: nobody's fault, not counted, no backoff."""
    job = steps.hold_lease(job_id, number, worker)
    fault = faults.released(worker.name, reason)
    return steps.give_back(job, who=Who.WORKER, outcome="released", fault=fault, counted=False)


@transaction.atomic(durable=True)
def report_fault(*, job_id: str, number: int, worker: Worker, fault: faults.Reported, actor: User) -> str:
    """An attempt failed. Whether it is tried again follows from the kind of fault, not from the worker's wish alone."""
    job = steps.hold_lease(job_id, number, worker)
    known = faults.known(fault)
    if job.cancel_requested or (known["retry"] and fault.retryable):
        return steps.give_back(job, who=Who.WORKER, outcome="retried", fault=known["fault"], counted=True)
    steps.finish(job, who=Who.WORKER, action="fail", outcome="failed", fault=known["fault"])
    return JobState.FAILED
