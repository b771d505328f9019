"""Reads about machines and the queue before them: for the operator's page, for an organization's, and for metrics."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Count, Min, Q, QuerySet, Sum

from landbridge.accounts.models import Organization
from landbridge.core import time
from landbridge.evaluations.machine import ACTIVE, JobState
from landbridge.evaluations.models import Attempt, Job, Worker
from landbridge.evaluations.reasons import takes

MODEL: Final = "model:"
ISOLATED: Final = "isolated"
MOST: Final = 500  # rows of one table of a page
FRESH: Final = timedelta(minutes=2)  # a GPU's load that is older is not told


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Queued jobs of one tier that need the same. ``workers`` take such jobs at all, ``silent`` ones would."""

    pool: str
    needs: tuple[str, ...]
    tier: int
    jobs: int
    held: int  # of them wait for something else than a worker
    since: datetime
    workers: int = 0
    silent: int = 0
    containing: bool = False  # a worker that takes jobs proves that it contains code

    @property
    def label(self) -> str:
        """Without the names of models: few, whatever labs call theirs."""
        return ",".join(one for one in self.needs if not one.startswith(MODEL)) or "any"

    @property
    def reason(self) -> str:
        """The code of why they wait."""
        if self.held == self.jobs:
            return "held"
        if self.workers:
            return "workers_busy"
        if self.silent:
            return "workers_silent"
        if ISOLATED in self.needs and not self.containing:
            return "no_isolated_worker"
        return "no_worker_with_label"


def workers() -> QuerySet[Worker]:
    return Worker.objects.select_related("organization__namespace", "user").order_by("pool", "name")


def workers_of(organization: Organization) -> list[Worker]:
    return list(workers().filter(organization=organization)[:MOST])


def state_of(worker: Worker) -> str:
    """``off``, ``new``, ``silent``, ``draining`` or ``ready``."""
    if not worker.enabled:
        return "off"
    if worker.instance is None or worker.last_seen is None:
        return "new"
    if worker.stale:
        return "silent"
    return "draining" if worker.draining else "ready"


def waiting(machines: Iterable[Worker]) -> list[Waiting]:
    """The queue, by what its jobs need."""
    rows = (
        Job.objects.filter(state=JobState.QUEUED)
        .order_by("pool", "tier", "needs_key")
        .values_list("pool", "needs_key", "tier")
        .annotate(jobs=Count("pk"), held=Count("pk", filter=~Q(hold="")), since=Min("state_since"))
    )
    known = list(machines)
    return [_waiting(known, *row) for row in rows]


def _waiting(  # noqa: PLR0913, PLR0917 the columns of a row
    machines: Sequence[Worker], pool: str, key: str, tier: int, jobs: int, held: int, since: datetime
) -> Waiting:
    needs = tuple(filter(None, key.split(",")))
    able = [one for one in machines if one.pool == pool and set(needs) <= set(one.labels)]
    free = sum(takes(one) for one in able)
    return Waiting(
        pool=pool, needs=needs, tier=tier, jobs=jobs, held=held, since=since, workers=free, silent=len(able) - free,
        containing=any(one.pool == pool and takes(one) and ISOLATED in one.labels for one in machines),
    )  # fmt: skip


def leased() -> QuerySet[Job]:
    """What runs, the next lease to end first."""
    rows = Job.objects.filter(state__in=ACTIVE).select_related("repo__namespace", "worker").order_by("lease_until")
    return rows.annotate(at=time.now())


@dataclass(frozen=True, slots=True, kw_only=True)
class Leases:
    """``silence`` is the longest since a heartbeat was written, ``age`` since a lease was taken; in seconds."""

    running: int
    overdue: int
    silence: float
    age: float


def leases(now: datetime) -> Leases:
    found = Job.objects.filter(state__in=ACTIVE).aggregate(
        running=Count("pk"),
        overdue=Count("pk", filter=Q(lease_until__lt=now)),
        seen=Min("seen_at"),
        since=Min("state_since"),
    )
    return Leases(
        running=found["running"],
        overdue=found["overdue"],
        silence=_seconds(now, found["seen"]),
        age=_seconds(now, found["since"]),
    )


def attempts() -> list[tuple[str, int, int]]:
    """(outcome, how many, bytes of log) of all attempts; those that run have the outcome ``running``."""
    rows = Attempt.objects.order_by("outcome").values_list("outcome").annotate(Count("pk"), Sum("log_next"))
    return [(outcome or "running", number, size or 0) for outcome, number, size in rows]


def loads(machines: Iterable[Worker], now: datetime) -> list[tuple[Worker, dict[str, Any]]]:
    """Each GPU whose load was measured lately."""
    return [
        (worker, device)
        for worker in machines
        for device in worker.devices
        if device.get("measured_at") and now - datetime.fromisoformat(device["measured_at"]) < FRESH
    ]


def _seconds(now: datetime, then: datetime | None) -> float:
    return max(0.0, (now - then).total_seconds()) if then is not None else 0.0
