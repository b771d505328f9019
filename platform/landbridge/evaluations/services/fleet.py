"""What people decide about machines: drain, switch off, switch on, revoke. And how busy their GPUs are."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q

from landbridge.accounts.models import Token, User
from landbridge.core import ledger, time
from landbridge.core.db import step
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who
from landbridge.evaluations import faults, steps
from landbridge.evaluations.machine import ACTIVE
from landbridge.evaluations.models import Job, Worker

MEASURED = ("used_percent", "memory_used_mb")


@transaction.atomic(durable=True)
def drain_worker(*, worker_id: str, actor: User) -> Worker:
    """No new job; what runs ends its shard and is given back, which counts against nobody. Asking twice is harmless."""
    worker = _locked(worker_id)
    if not worker.draining:
        _set(worker, draining=True)
        ledger.record("worker.drained", subject=worker, actor=actor)
    return worker


@transaction.atomic(durable=True)
def enable_worker(*, worker_id: str, actor: User) -> Worker:
    """It may take jobs again, after a drain as after it was switched off. A revoked token stays revoked."""
    worker = _locked(worker_id)
    if worker.draining or not worker.enabled:
        _set(worker, draining=False, enabled=True)
        ledger.record("worker.enabled", subject=worker, actor=actor)
    return worker


@transaction.atomic(durable=True)
def disable_worker(*, worker_id: str, actor: User) -> Worker:
    """Off at once: its leases end now, its next call is refused, and what it ran goes on elsewhere."""
    locked = _jobs_of(worker_id)
    worker = _locked(worker_id)
    if worker.enabled:
        _give_back(locked, worker, "the operator switched it off")
        _set(worker, enabled=False)
        ledger.record("worker.disabled", subject=worker, actor=actor, jobs=len(locked))
    return worker


@transaction.atomic(durable=True)
def revoke_worker(*, worker_id: str, actor: User) -> Worker:
    """Off for good: its tokens open nothing from now on. A machine that is to come back needs a new one."""
    locked = _jobs_of(worker_id)
    worker = _locked(worker_id)
    _give_back(locked, worker, "its token was revoked")
    ended = Token.objects.filter(user=worker.user_id, revoked_at=None).update(revoked_at=time.now())
    if worker.enabled or ended:
        _set(worker, enabled=False)
        ledger.record("worker.revoked", subject=worker, actor=actor, tokens=ended, jobs=len(locked))
    return worker


@transaction.atomic(durable=True)
def note_load(*, worker: Worker, gpus: Sequence[Mapping[str, Any]], actor: User) -> None:  # noqa: ARG001 every service names its actor
    """How busy GPUs of ``worker`` are, each by its UUID; what it has not registered is not kept."""
    row = Worker.objects.select_for_update().get(pk=worker.pk)
    said, now = {str(one["uuid"]): one for one in gpus}, time.text(time.db_now())
    for device in row.devices:
        if one := said.get(str(device.get("uuid"))):
            device.update({name: one[name] for name in MEASURED}, measured_at=now)
    Worker.objects.filter(pk=row.pk).update(devices=row.devices)


@step
def _locked(worker_id: str) -> Worker:
    worker = Worker.objects.select_for_update().filter(pk=worker_id).first()
    if worker is None:
        raise NotFound("There is no such worker.")
    return worker


@step
def _set(worker: Worker, **columns: bool) -> None:
    Worker.objects.filter(pk=worker.pk).update(**columns)
    for name, value in columns.items():
        setattr(worker, name, value)


@step
def _jobs_of(worker_id: str) -> list[Job]:
    """What it runs, each locked: jobs come before workers."""
    held = Q(worker=worker_id, state__in=ACTIVE)
    found = list(Job.objects.filter(held).order_by("pk").values_list("pk", flat=True))
    locked = [job_id for job_id in found if steps.lock(job_id, held)]
    return list(Job.objects.filter(pk__in=locked).order_by("pk"))


@step
def _give_back(jobs: Sequence[Job], worker: Worker, why: str) -> None:
    for job in jobs:
        fault = faults.released(worker.name, why)
        steps.give_back(job, who=Who.CLOCK, outcome="released", fault=fault, counted=False)
