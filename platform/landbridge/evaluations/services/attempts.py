# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""What a worker does under its lease. Every write shows the attempt's number; a stale one is refused."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from landbridge.accounts.models import Token, User
from landbridge.core.machine import Who
from landbridge.core.prepared import PreparedUpdate, slot
from landbridge.evaluations import faults, steps
from landbridge.evaluations.beats import TOKEN_LIFE, Write
from landbridge.evaluations.errors import BadShard
from landbridge.evaluations.events import move_and_tell
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job, Shard, Worker

REST = timedelta(seconds=10)  # before the next attempt, where a worker cannot isolate what it was given


@transaction.atomic(durable=True)
def start_job(*, job_id: str, number: int, worker: Worker, actor: User) -> bool:
    """Weights and data are there, the child runs. False: it was told before."""
    job = steps.hold_lease(job_id, number, worker)
    said, now = f"Attempt {number} runs on {worker.name}.", job.at  # type: ignore[attr-defined] # annotated
    if not move_and_tell(job, "start", who=Who.WORKER, at=now, text=said):
        return False
    _runs(job=job, number=number, running_at=now)
    return True


_runs = PreparedUpdate(
    lambda: Attempt.objects.filter(job=slot(Attempt, "job"), number=slot(Attempt, "number")),
    running_at=slot(Attempt, "running_at"),
)


@transaction.atomic(durable=True)
def heartbeat(
    *, job: Job, worker: Worker, writes: Collection[Write], progress: dict[str, Any], actor: User
) -> timedelta:
    """Write what is due of a beat: the lease with the latest progress, the token's life, that the worker lives.

    ``job`` was read for this beat, with the database's time as ``at``. Answers how long the lease holds.
    """
    lease: timedelta = settings.LANDBRIDGE_LEASE
    now: datetime = job.at  # type: ignore[attr-defined] # annotated
    if Write.LEASE in writes:
        beat = {"lease_until": now + lease, "seen_at": now, "progress": progress}
        if _beat(pk=job.pk, attempt=job.attempt, worker=worker, **beat) != 1:
            raise steps.refusal(job.pk)
        job.lease_until = now + lease
    if Write.TOKEN in writes:
        token = Attempt.objects.filter(job=job.pk, number=job.attempt).values("token")
        Token.objects.filter(pk__in=token, revoked_at=None).update(expires_at=now + TOKEN_LIFE * lease)
    if Write.WORKER in writes:
        steps.note_seen(worker, now)
    assert job.lease_until is not None  # noqa: S101 a lease is held
    return job.lease_until - now


@transaction.atomic(durable=True)
def put_shard(  # noqa: PLR0913 a shard's address, and what it is
    *, job_id: str, number: int, worker: Worker, index: int, sha256: str, size: int, actor: User
) -> tuple[str, bool]:
    """Commit one shard whose bytes are stored. The first valid write stands: its digest, and whether it is this one."""
    job = steps.hold_lease(job_id, number, worker)
    now = job.at  # type: ignore[attr-defined] # annotated
    if _keep(job=job, index=index, sha256=sha256, size=size, attempt=number, kept_at=now) == 1:
        return sha256, True
    stands = Shard.objects.filter(job=job, index=index).values_list("sha256", flat=True).first()
    if stands is None:
        raise BadShard(f"This job has no shard {index}.")
    return stands, False


_beat = PreparedUpdate(steps.under_lease, **{name: slot(Job, name) for name in ("lease_until", "seen_at", "progress")})
_keep = PreparedUpdate(
    lambda: Shard.objects.filter(job=slot(Shard, "job"), index=slot(Shard, "index"), sha256=""),
    **{name: slot(Shard, name) for name in ("sha256", "size", "attempt", "kept_at")},
)


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
    if fault.code == faults.NO_ISOLATION:  # nobody's fault: another worker has it
        return steps.give_back(job, who=Who.WORKER, outcome="released", fault=known["fault"], counted=False, rest=REST)
    if fault.code == faults.MEMORY and not job.cancel_requested and steps.halve(job):
        return steps.give_back(job, who=Who.WORKER, outcome="retried", fault=known["fault"], counted=True)
    if job.cancel_requested or (known["retry"] and fault.retryable):
        return steps.give_back(job, who=Who.WORKER, outcome="retried", fault=known["fault"], counted=True)
    steps.finish(job, who=Who.WORKER, action="fail", outcome="failed", fault=known["fault"])
    return JobState.FAILED
