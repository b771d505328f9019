# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""Who runs what next. One conditional UPDATE decides, however many workers ask (execution, section 1)."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Min, Q

from landbridge.accounts import tokens
from landbridge.accounts.models import Token, TokenKind, User
from landbridge.core import outbox, time
from landbridge.core.machine import Who
from landbridge.evaluations import jobspec, steps
from landbridge.evaluations.errors import JobEnded, ShareFull
from landbridge.evaluations.events import tell_state
from landbridge.evaluations.machine import ACTIVE, JOB, JobState
from landbridge.evaluations.models import Attempt, Job, Share, Worker
from landbridge_evaluation import points

TRIES = 5
SEEN = timedelta(seconds=10)
SECONDS_PER_ITEM = 0.02  # until this instance has measured its own
LOST = {"code": "lease_expired", "kind": "infrastructure", "who": "operator"}


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to run one attempt, with the token that opens its files."""

    job: Job
    attempt: Attempt
    contents: jobspec.Contents
    token: Token
    text: str
    repeated: bool = False


@transaction.atomic(durable=True)
def lease_job(  # noqa: PLR0913 a wish has these parts
    *, worker_id: str, instance: UUID, labels: Collection[str], key: str, actor: User, wanted: str | None = None
) -> Lease | None:
    """The next job that ``worker`` may run, or ``None``. The same ``key`` gives the same lease again.

    Raises ``JobEnded`` where that lease is over, ``ShareFull`` (roll back, ask again) where the limit was reached.
    """
    worker = Worker.objects.get(pk=worker_id)
    _seen(worker)
    held = Attempt.objects.filter(worker=worker, lease_key=key).select_related("job").first()
    if held is not None:
        return _again(held, worker)
    for job in _candidates(worker, labels, wanted):
        now = time.db_now()
        until = now + settings.LANDBRIDGE_LEASE
        if JOB.move(
            Job, job.pk, "lease", who=Who.WORKER, where=Q(attempt=job.attempt), worker=worker, instance=instance,
            lease_until=until, seen_at=now, state_since=now,
        ):  # fmt: skip
            return _granted(Job.objects.get(pk=job.pk), worker, instance, key, now)
    return None


def _seen(worker: Worker) -> None:
    """Who asks for work lives; noted now and then, not at each question."""
    Worker.objects.filter(Q(last_seen=None) | Q(last_seen__lt=time.now(-SEEN)) | Q(stale=True), pk=worker.pk).update(
        last_seen=time.now(), stale=False
    )


def _candidates(worker: Worker, labels: Collection[str], wanted: str | None) -> Iterator[Job]:
    """Queued, due jobs that the worker can run, in order; a wished one first, if it may run now."""
    now = time.now()
    queued = Job.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now),
        state=JobState.QUEUED, hold="", cancel_requested=False, pool=worker.pool,
        share__running__lt=F("share__running_limit"),
    )  # fmt: skip
    keys = queued.order_by().values_list("needs_key", flat=True).distinct()
    satisfied = [key for key in keys if set(filter(None, key.split(","))) <= set(labels)]
    rows = queued.filter(needs_key__in=satisfied).order_by("tier", "share__virtual_time", "submitted_at", "pk")
    if connection.features.has_select_for_update_skip_locked:
        rows = rows.select_for_update(skip_locked=True, of=("self",))
    if wanted:
        yield from rows.filter(pk=wanted)
    yield from rows[:TRIES]


def _granted(job: Job, worker: Worker, instance: UUID, key: str, now: datetime) -> Lease:
    estimate = job.items_total * SECONDS_PER_ITEM
    busy = Share.objects.filter(Q(running__gt=0) | Q(jobs__state=JobState.QUEUED)).exclude(pk=job.share_id)
    least = busy.aggregate(least=Min("virtual_time"))["least"]
    share = Share.objects.get(pk=job.share_id)
    start = max(share.virtual_time, least) if least is not None else share.virtual_time
    below = Share.objects.filter(pk=share.pk, running__lt=F("running_limit"))
    if below.update(running=F("running") + 1, virtual_time=start + estimate / share.weight) != 1:
        raise ShareFull
    attempt = Attempt(
        job=job, number=job.attempt, worker=worker, instance=instance, lease_key=key, started_at=now,
        estimate=estimate,
    )  # fmt: skip
    contents = jobspec.contents_of(job)
    token, text = _issue(job, worker, contents)
    attempt.token = token
    attempt.save(force_insert=True)
    points.reached("lease_uncommitted")
    tell_state(job.pk, JobState.LEASED, text=f"{worker.name} took the job.", attempt=job.attempt)
    return Lease(job, attempt, contents, token, text)


def _again(attempt: Attempt, worker: Worker) -> Lease:
    """The answer was lost on its way: the same lease, with a fresh token in place of the one nobody has."""
    job = attempt.job
    if job.attempt != attempt.number or job.worker_id != worker.pk or job.state not in ACTIVE:
        raise JobEnded("This lease is over. Ask for another with a new key.", state=job.state)
    if attempt.token_id is not None:
        Token.objects.filter(pk=attempt.token_id, revoked_at=None).update(revoked_at=time.now())
    contents = jobspec.contents_of(job)
    token, text = _issue(job, worker, contents)
    Attempt.objects.filter(pk=attempt.pk).update(token=token)
    return Lease(job, attempt, contents, token, text, repeated=True)


def _issue(job: Job, worker: Worker, contents: jobspec.Contents) -> tuple[Token, str]:
    """A token that reads this job's repositories at their revisions and dies with the lease."""
    reach: dict[str, Any] = {"job": job.pk, "attempt": job.attempt, "repos": jobspec.repos_of(job, contents)}
    return tokens.issue(
        user=worker.user,
        name=f"job {job.pk} attempt {job.attempt}",
        scopes=["repo.read"],
        kind=TokenKind.JOB,
        lifetime=settings.LANDBRIDGE_LEASE,
        reach=reach,
    )


@transaction.atomic(durable=True)
def take_back_job(*, job_id: str, actor: User) -> bool:
    """End the lease of a worker that fell silent. False: it is not overdue (any more)."""
    if not steps.lock(job_id, Q(state__in=ACTIVE, lease_until__lt=time.now())):
        return False
    job = Job.objects.select_related("worker").get(pk=job_id)
    name = job.worker.name if job.worker else "The worker"
    fault = {**LOST, "text": f"{name} was not heard of for {settings.LANDBRIDGE_LEASE.total_seconds():g} s."}
    steps.give_back(job, who=Who.CLOCK, outcome="lost", fault=fault, counted=True)
    points.reached("take_back_uncommitted")
    return True


@transaction.atomic(durable=True)
def rewake_jobs(*, actor: User) -> int:
    """Send wake-ups again for queued, due jobs whose last one may have been lost."""
    now = time.db_now()
    waiting = Job.objects.filter(
        Q(not_before=None) | Q(not_before__lte=now), state=JobState.QUEUED, hold="", cancel_requested=False
    )
    silent = waiting.filter(Q(woken_at=None) | Q(woken_at__lt=now - settings.LANDBRIDGE_REWAKE))
    found = list(silent.values_list("pk", flat=True)[:200])
    for job_id in found:
        outbox.wake(steps.TASK, job_id, queue=steps.QUEUE)
    return Job.objects.filter(pk__in=found, state=JobState.QUEUED).update(woken_at=now)
