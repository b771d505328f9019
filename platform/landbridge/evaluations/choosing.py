"""Which queued job comes next for a worker: tier, then who had least, then age (execution, section 1: order)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Case, Exists, F, Min, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from landbridge.accounts.models import Organization
from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.prepared import Prepared, slot
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


def open_to(pool: str) -> QuerySet[Job]:
    """Due jobs of a pool, with slots for the asking worker's organization and namespace.

    A box of a party gets its own jobs only, and nothing that others keep. A lab's box: the lab's models on public data.
    An adopter's: jobs on the adopter's data.
    """
    rows = due().filter(pool=pool)
    if pool == Pool.OPERATOR:
        return rows
    own = slot(Organization, "namespace")
    rows, shards = rows.filter(organization=slot(Job, "organization")), Shard.objects.filter(job=OuterRef("pk"))
    if pool == Pool.LAB:
        foreign = shards.exclude(task__dataset__repo__visibility=Visibility.PUBLIC)
        return rows.filter(~Exists(foreign), repo__namespace=own)
    return rows.filter(~Exists(shards.exclude(task__dataset__repo__namespace=own)))


def slots_of(worker: Worker) -> dict[str, object] | None:
    """What fills the slots of ``open_to``; ``None`` where a party's worker belongs to nobody."""
    if worker.pool == Pool.OPERATOR:
        return {}
    if worker.organization is None:
        return None
    return {"organization": worker.organization, "namespace": worker.organization.namespace_id}


def _grouped(pool: str) -> Prepared[Job]:
    def query() -> QuerySet[Job, tuple[str, int, int, float, datetime]]:
        rows = open_to(pool).order_by().values("needs_key", "tier", "share_id", "share__virtual_time")
        return rows.annotate(first=Min("submitted_at")).values_list(
            "needs_key", "tier", "share_id", "share__virtual_time", "first"
        )

    return Prepared(query)


def _first(pool: str, *, wished: bool) -> Prepared[Job]:
    def query() -> QuerySet[Job]:
        lot = {"needs_key": slot(Job, "needs_key"), "tier": slot(Job, "tier"), "share": slot(Job, "share")}
        rows = open_to(pool).filter(**lot).select_related("repo__namespace").annotate(at=time.now())
        if connection.features.has_select_for_update_skip_locked:
            rows = rows.select_for_update(skip_locked=True, of=("self",))
        wish = [Case(When(pk=slot(Job, "id", "wanted"), then=Value(0)), default=Value(1))] if wished else []
        return rows.order_by(*wish, "submitted_at", "pk")[:1]

    return Prepared(query)


_GROUPED = {pool: _grouped(pool) for pool in Pool.values}
_FIRST = {(pool, wished): _first(pool, wished=wished) for pool in Pool.values for wished in (False, True)}


def lots(worker: Worker, labels: Collection[str]) -> list[Lot]:
    """What the worker can run, the best first. One look at the queue's index, however long the queue is."""
    given = slots_of(worker)
    rows = _GROUPED[worker.pool].rows(**given) if given is not None else []
    able = [row for row in rows if covers(labels, row[0])]
    able.sort(key=lambda row: (row[1], row[3], row[4]))  # tier, who had least, age
    return [Lot(*row[:4]) for row in able]


def covers(labels: Collection[str], needs_key: str) -> bool:
    """Whether ``labels`` hold every label that ``needs_key`` names."""
    return set(filter(None, needs_key.split(","))) <= set(labels)


@step
def pick(worker: Worker, found: Collection[Lot], wanted: str | None) -> Job | None:
    """The first job of the best lot that nobody else is taking, locked, with the database's time as ``at``.

    A wish is a hint: it is met where the wished job's organization is the next one anyway.
    """
    given = slots_of(worker)
    if given is None:
        return None
    first = _FIRST[worker.pool, bool(wanted)]
    for lot in list(found)[:TRIES]:
        job = first.first(needs_key=lot.needs_key, tier=lot.tier, share=lot.share, wanted=wanted, **given)
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
