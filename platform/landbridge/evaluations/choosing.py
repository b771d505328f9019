"""Which queued job comes next for a worker: tier, then who had least, then age (execution, section 1: order)."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection
from django.db.models import Case, Exists, F, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from landbridge.core import time
from landbridge.core.db import step
from landbridge.evaluations.machine import ACTIVE, JobState
from landbridge.evaluations.models import Job, Pool, Shard, Share, Worker
from landbridge_registry.models import Visibility

TRIES = 5


@dataclass(frozen=True, slots=True)
class Lot:
    """Queued jobs that differ in nothing that decides who comes first, but for their age."""

    needs_key: str
    tier: int
    share: int
    virtual_time: float


def due() -> QuerySet[Job]:
    """Queued, and nothing but a worker lacks."""
    now = time.now()
    return Job.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now),
        state=JobState.QUEUED, hold="", cancel_requested=False, share__running__lt=F("share__running_limit"),
    )  # fmt: skip


def open_to(worker: Worker) -> QuerySet[Job]:
    """Due jobs of the worker's pool. A box of a party gets its own jobs only, and nothing that others keep.

    A lab's box: the lab's models on public data. An adopter's: jobs on the adopter's data.
    """
    rows = due().filter(pool=worker.pool)
    if worker.pool == Pool.OPERATOR:
        return rows
    if worker.organization is None:
        return rows.none()
    own = worker.organization.namespace_id
    shards = Shard.objects.filter(job=OuterRef("pk"))
    if worker.pool == Pool.LAB:
        foreign = shards.exclude(task__dataset__repo__visibility=Visibility.PUBLIC)
        return rows.filter(~Exists(foreign), organization=worker.organization_id, repo__namespace=own)
    foreign = shards.exclude(task__dataset__repo__namespace=own)
    return rows.filter(~Exists(foreign), organization=worker.organization_id)


def lots(worker: Worker, labels: Collection[str]) -> list[Lot]:
    """What the worker can run, the best first. One look at the queue's index, however long the queue is."""
    grouped = open_to(worker).order_by().values("needs_key", "tier", "share_id", "share__virtual_time")
    rows = grouped.annotate(first=Min("submitted_at"))
    able = [row for row in rows if covers(labels, row["needs_key"])]
    able.sort(key=lambda row: (row["tier"], row["share__virtual_time"], row["first"]))
    return [Lot(row["needs_key"], row["tier"], row["share_id"], row["share__virtual_time"]) for row in able]


def covers(labels: Collection[str], needs_key: str) -> bool:
    """Whether ``labels`` hold every label that ``needs_key`` names."""
    return set(filter(None, needs_key.split(","))) <= set(labels)


@step
def pick(worker: Worker, found: Collection[Lot], wanted: str | None) -> Job | None:
    """The first job of the best lot that nobody else is taking, locked, with the database's time as ``at``.

    A wish is a hint: it is met where the wished job's organization is the next one anyway.
    """
    for lot in list(found)[:TRIES]:
        rows = open_to(worker).filter(needs_key=lot.needs_key, tier=lot.tier, share=lot.share)
        rows = rows.select_related("share", "repo__namespace").annotate(at=time.now())
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        wish = [Case(When(pk=wanted, then=Value(0)), default=Value(1))] if wanted else []
        job = rows.order_by(*wish, "submitted_at", "pk").first()
        if job is not None:
            return job
    return None


@step
def catch_up(share: Share) -> None:
    """Start-time fair queueing: who had nothing to do begins where the least of those with work stands, not behind."""
    queued = Job.objects.filter(share=OuterRef("pk"), state__in=(JobState.QUEUED, *ACTIVE))
    busy = Share.objects.filter(Exists(queued)).exclude(pk=share.pk)
    least = busy.aggregate(least=Coalesce(Min("virtual_time"), 0.0))["least"]
    idle = ~Exists(Job.objects.filter(share=share.pk, state__in=(JobState.QUEUED, *ACTIVE)))
    Share.objects.filter(idle, pk=share.pk, virtual_time__lt=least).update(virtual_time=least)
