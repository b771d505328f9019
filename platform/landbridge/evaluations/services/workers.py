# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""Machines that run jobs: admitted by the operator (``manage.py create_worker``), registered by their process."""

from uuid import UUID

from django.db import transaction
from django.db.models import Q

from landbridge.accounts.models import User
from landbridge.core import keys, ledger, time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.evaluations import steps
from landbridge.evaluations.machine import ACTIVE
from landbridge.evaluations.models import Job, Worker
from landbridge.evaluations.values import Registration

PREFIX = "worker:"  # of service users
RESTARTED = {"code": "worker_restarted", "kind": "infrastructure", "who": "operator"}


@transaction.atomic(durable=True)
def register_worker(*, registration: Registration, pool: str, actor: User) -> Worker:
    """Take note of the process that serves with the token of ``actor``, a worker's service user.

    Another instance than before ends the old one's leases at once.
    """
    name = actor.username.removeprefix(PREFIX)[:80]
    worker, _ = Worker.objects.get_or_create(user=actor, defaults={"name": name, "pool": pool})
    for job in _left_behind(worker, registration.instance):
        fault = {**RESTARTED, "text": f"{worker.name} started anew while it ran this job; it is run again."}
        steps.give_back(job, who=Who.CLOCK, outcome="lost", fault=fault, counted=True)
    renewed = worker.public_key != registration.public_key
    Worker.objects.filter(pk=worker.pk).update(
        instance=registration.instance,
        pool=pool,
        software=registration.software[:120],
        slots=registration.slots,
        labels=sorted(set(registration.labels)),
        devices=registration.devices,
        sandbox=registration.sandbox,
        public_key=registration.public_key,
        last_seen=time.now(),
        stale=False,
    )
    if renewed:  # results are signed with it, so outsiders care
        old, since = worker.public_key, worker.created_at
        keys.follow_worker(name=worker.name, old=old, new=registration.public_key, since=since)
        ledger.record("worker.key", subject=worker, actor=actor, public_key=registration.public_key)
    worker.refresh_from_db()
    return worker


@step
def _left_behind(worker: Worker, instance: UUID) -> list[Job]:
    """Jobs under leases of an earlier process, all of them locked before one is changed."""
    old = Q(worker=worker, state__in=ACTIVE) & ~Q(instance=instance)
    found = Job.objects.filter(old).order_by("pk").values_list("pk", flat=True)
    locked = [job_id for job_id in list(found) if steps.lock(job_id, old)]
    return list(Job.objects.filter(pk__in=locked).order_by("pk"))


@transaction.atomic(durable=True)
def mark_stale(*, worker_id: str, actor: User) -> bool:
    """Note that a worker fell silent, so that waiting jobs say so. Its next call clears the mark."""
    return Worker.objects.filter(pk=worker_id, stale=False).update(stale=True) == 1
