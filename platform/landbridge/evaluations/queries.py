"""Reads: what a caller may see, where a job stands, and when it may be done."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from landbridge.accounts.principals import Principal
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.evaluations import forecasts
from landbridge.evaluations.choosing import covers
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

LOOKED_AT: Final = 1000  # jobs ahead whose work a forecast adds up


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
    able = [worker for worker in workers if can_run(worker, job)]
    queued = job.state == JobState.QUEUED
    before = _ahead(job, able) if queued else Job.objects.none()
    ahead = before.count() if queued else 0
    reason = reason_of(job, workers, ahead=ahead, now=now)
    found = None if job.ended_at else forecasts.eta(job, _others(job, able, before), forecasts.measured(), now)
    return Standing(reason, ahead + 1 if queued else None, found)


def _others(job: Job, able: list[Worker], before: QuerySet[Job]) -> forecasts.Others:
    """Who shares the slots with a job: those ahead of it, the first of them, and those that run."""
    if job.state != JobState.QUEUED:
        return forecasts.Others(able)
    running = Job.objects.filter(state__in=ACTIVE, pool=job.pool).select_related("evaluation__revision")
    ahead = list(before.values_list("pk", flat=True)[:LOOKED_AT])
    return forecasts.Others(able, ahead, list(running[:LOOKED_AT]))


def _ahead(job: Job, able: Iterable[Worker]) -> QuerySet[Job]:
    """Jobs before this one in lease order that a worker which could run it could take."""
    rows = Job.objects.filter(state=JobState.QUEUED, hold="", cancel_requested=False, pool=job.pool)
    labels = [worker.labels for worker in able]
    keys = rows.order_by().values_list("needs_key", flat=True).distinct()
    taken = [key for key in keys if any(covers(carried, key) for carried in labels)]
    mine = (job.tier, job.share.virtual_time, job.submitted_at, job.pk)
    order = ("tier", "share__virtual_time", "submitted_at", "pk")
    before, same = Q(pk__in=[]), Q()
    for name, value in zip(order, mine, strict=True):
        before |= same & Q(**{f"{name}__lt": value})
        same &= Q(**{name: value})
    return rows.filter(before, needs_key__in=taken).order_by(*order)


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
