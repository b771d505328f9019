"""Reads: what a caller may see, where a job stands, and when it may be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import quantiles
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from landbridge.accounts.principals import Principal
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.evaluations.errors import UnknownSuite
from landbridge.evaluations.machine import ACTIVE, JobState
from landbridge.evaluations.models import (
    Attempt,
    Job,
    JobEvent,
    Result,
    Score,
    Shard,
    Suite,
    SuiteRevision,
    TaskRecord,
    Worker,
)
from landbridge.evaluations.reasons import Reason, can_run, reason_of
from landbridge_registry.models import Visibility

SAMPLE: Final = 40  # finished attempts that a forecast rests on
FEWEST: Final = 3


def jobs() -> QuerySet[Job]:
    return Job.objects.select_related(
        "repo__namespace",
        "organization",
        "evaluation__revision__repo__namespace",
        "evaluation__suite_revision__suite",
        "share",
        "worker",
        "requested_by",
        "result",
    )


def visible_jobs(principal: Principal) -> QuerySet[Job]:
    """Jobs of the caller's own organizations and person; all of them for the operator."""
    if principal.is_operator:
        return jobs()
    if principal.user is None:
        return jobs().none()
    return jobs().filter(_own(principal))


def _own(principal: Principal, prefix: str = "") -> Q:
    namespaces = list(principal.memberships)
    mine = Q(**{f"{prefix}repo__namespace__in": namespaces})
    mine |= Q(**{f"{prefix}organization__namespace__in": namespaces})
    if principal.user is not None and (principal.token is None or principal.token.organization_id is None):
        personal = {
            f"{prefix}repo__namespace__kind": "user",
            f"{prefix}repo__namespace__name__iexact": principal.user.username,
        }
        mine |= Q(**personal)
    return mine


def job_for(principal: Principal, job_id: str) -> Job:
    """The job, or ``NotFound``: what the caller may not see looks absent."""
    found = visible_jobs(principal).filter(pk=job_id).first()
    if found is None:
        raise NotFound("There is no such job that you may see.")
    return found


def attempts_of(job: Job) -> QuerySet[Attempt]:
    """The job's attempts, each with how many ``shards`` it brought."""
    kept = Shard.objects.filter(job=OuterRef("job"), attempt=OuterRef("number")).exclude(sha256="")
    count = kept.order_by().values("job").annotate(count=Count("pk")).values("count")
    rows = Attempt.objects.filter(job=job).select_related("worker")
    return rows.annotate(shards=Coalesce(Subquery(count), 0))


def visible_results(principal: Principal) -> QuerySet[Result]:
    """Results of public models on public suites are public; the rest is for its own organization and the operator.

    A token sees more than the public does with the scope ``read`` only.
    """
    rows = Result.objects.filter(job__evaluation__isnull=False).select_related(
        "job__repo__namespace",
        "job__evaluation__revision__repo__namespace",
        "job__evaluation__suite_revision__suite",
        "worker",
    )
    inside = principal.user is not None and principal.has_scope("read")
    if inside and principal.is_operator:
        return rows
    public = Q(
        job__repo__visibility=Visibility.PUBLIC,
        job__evaluation__suite_revision__suite__visibility="public",
    )
    mine = _own(principal, "job__") if inside else Q(pk__in=[])
    return rows.filter(public | mine)


def result_for(principal: Principal, result_id: str) -> Result:
    found = visible_results(principal).filter(pk=result_id).first()
    if found is None:
        raise NotFound("There is no such result that you may see.")
    return found


def newest_revision(name: str) -> SuiteRevision:
    """What new evaluations of the suite run. Raises ``UnknownSuite`` that names the suites there are."""
    found = SuiteRevision.objects.select_related("suite").filter(suite__name=name).order_by("-number").first()
    if found is None:
        known = ", ".join(Suite.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        said = f"There is no suite {name!r}. Known: {known}."
        raise UnknownSuite(said, errors=[{"pointer": "/suite", "code": "unknown_suite", "detail": said}])
    return found


def current_tasks() -> QuerySet[TaskRecord]:
    return TaskRecord.objects.filter(current=True).select_related("dataset__repo__namespace").order_by("name")


def suites() -> QuerySet[Suite]:
    return Suite.objects.filter(visibility="public").order_by("name")


def scores_of(result: Result) -> list[Score]:
    return list(Score.objects.filter(result=result).select_related("task").order_by("task__name", "-primary", "metric"))


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a job stands now."""

    reason: Reason
    position: int | None  # 1: next; none: not queued
    eta: dict[str, Any] | None


def standing_of(job: Job) -> Standing:
    now = time.db_now()
    workers = list(Worker.objects.all())
    ahead = len(_ahead(job, workers)) if job.state == JobState.QUEUED else 0
    reason = reason_of(job, workers, ahead=ahead, now=now)
    position = ahead + 1 if job.state == JobState.QUEUED else None
    return Standing(reason, position, _eta(job, workers, now))


def _ahead(job: Job, workers: Iterable[Worker]) -> list[int]:
    """Items of each job before this one in lease order that a live worker could take."""
    live = [worker for worker in workers if not worker.stale and worker.enabled and worker.last_seen is not None]
    rows = Job.objects.filter(state=JobState.QUEUED, hold="", cancel_requested=False, pool=job.pool)
    mine = (job.tier, job.share.virtual_time, job.submitted_at, job.pk)
    order = ("tier", "share__virtual_time", "submitted_at", "pk")
    before, same = Q(pk__in=[]), Q()
    for name, value in zip(order, mine, strict=True):
        before |= same & Q(**{f"{name}__lt": value})
        same &= Q(**{name: value})
    found = rows.filter(before).only("needs_key", "pool", "items_total")
    return [one.items_total for one in found if any(can_run(worker, one) for worker in live)]


def _eta(job: Job, workers: list[Worker], now: datetime) -> dict[str, Any] | None:
    """Seconds until the end as a range, from what finished attempts took per item; none without a basis."""
    slots = sum(worker.slots for worker in workers if can_run(worker, job))
    rates = seconds_per_item()
    if job.ended_at is not None or not slots or len(rates) < FEWEST:
        return None
    left = remaining(job)
    if job.state == JobState.QUEUED:
        running = Job.objects.filter(state__in=ACTIVE, pool=job.pool)
        left += (sum(_ahead(job, workers)) + sum(remaining(other) for other in running)) / slots
    low, middle, high = _spread(rates)
    wait = max(timedelta(0), job.not_before - now).total_seconds() if job.not_before else 0.0
    basis = f"{len(rates)} finished jobs, {slots} eligible slots"
    return {
        "seconds": round(wait + left * middle, 1),
        "low": round(wait + left * low, 1),
        "high": round(wait + left * high, 1),
        "basis": basis,
    }


def remaining(job: Job) -> float:
    done = job.progress.get("items_done") if job.state != JobState.QUEUED else 0
    return float(max(0, job.items_total - int(done or 0)))


def seconds_per_item() -> list[float]:
    """Of the newest finished jobs. A model that is larger than all before will take longer than this says."""
    rows = Attempt.objects.filter(outcome="done", job__items_total__gt=0).order_by("-ended_at")
    spans = rows.values_list("started_at", "ended_at", "job__items_total")[:SAMPLE]
    return [(ended - started).total_seconds() / items for started, ended, items in spans if ended is not None]


def _spread(rates: list[float]) -> tuple[float, float, float]:
    cuts = quantiles(rates, n=10, method="inclusive")
    return cuts[0], cuts[4], cuts[8]


def overdue() -> list[str]:
    """Active jobs whose lease ran out."""
    rows = Job.objects.filter(state__in=ACTIVE, lease_until__lt=time.now()).order_by("lease_until")
    return list(rows.values_list("pk", flat=True)[:200])


def silent_workers(after: timedelta) -> list[str]:
    rows = Worker.objects.filter(
        Q(last_seen=None) | Q(last_seen__lt=time.now(-after)), stale=False, instance__isnull=False
    )
    return list(rows.values_list("pk", flat=True))


def unboarded() -> QuerySet[Result]:
    """Accepted results that no board has looked at: the twin of a lost ``result.accepted``."""
    return Result.objects.filter(boarded_at=None).order_by("accepted_at")


def events_after(job_id: str, seq: int, limit: int = 500) -> list[dict[str, Any]]:

    rows = JobEvent.objects.filter(job=job_id, seq__gt=seq).order_by("seq")[:limit]
    return [{"seq": row.seq, "kind": row.kind, "data": {**row.data, "at": time.text(row.at)}} for row in rows]
