# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""Who runs what next. One conditional UPDATE decides, however many workers ask (execution, section 1)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from landbridge.accounts import tokens
from landbridge.accounts.models import Token, TokenKind, User
from landbridge.core import outbox, time
from landbridge.core.machine import Who
from landbridge.core.prepared import Prepared, PreparedUpdate, insert, slot
from landbridge.evaluations import choosing, jobspec, steps
from landbridge.evaluations.beats import TOKEN_LIFE
from landbridge.evaluations.errors import JobEnded, LeaseRepeated, ShareFull
from landbridge.evaluations.events import move_and_tell
from landbridge.evaluations.machine import ACTIVE, JobState
from landbridge.evaluations.models import Attempt, Job, Share, Worker
from landbridge.evaluations.planning import DEVICE
from landbridge_evaluation import points

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
    *, worker: Worker, instance: UUID, labels: Collection[str], key: str, actor: User, wanted: str | None = None
) -> Lease | None:
    """The next job that ``worker`` may run, or ``None``.

    Raises ``ShareFull`` (roll back, ask again) where the limit was reached, ``LeaseRepeated`` (roll back) where ``key``
    has a lease already: ``repeat_lease`` gives it again. ``labels`` are the asking slot's.
    """
    job = choosing.pick(worker, choosing.lots(worker, labels), wanted)
    if job is None:
        return None
    now: datetime = job.at  # type: ignore[attr-defined] # annotated
    moved = move_and_tell(
        job, "lease", who=Who.WORKER, at=now, text=f"{worker.name} took the job.", worker=worker, instance=instance,
        lease_until=now + settings.LANDBRIDGE_LEASE, seen_at=now,
    )  # fmt: skip
    device = next((label for label in sorted(labels) if label.startswith(DEVICE)), "")
    return _granted(job, worker, instance, key, device) if moved else None


@transaction.atomic(durable=True)
def repeat_lease(*, worker: Worker, key: str, actor: User) -> Lease | None:
    """The lease of ``key`` with a fresh token: its answer was lost on the way. ``None``: there is none.

    Raises ``JobEnded`` where that lease is over.
    """
    attempt = _leased.first(worker=worker, lease_key=key)
    return _again(attempt, worker) if attempt is not None else None


_leased = Prepared(
    lambda: Attempt.objects.filter(worker=slot(Attempt, "worker"), lease_key=slot(Attempt, "lease_key")).select_related(
        "job__repo__namespace"
    )
)


@transaction.atomic(durable=True)
def note_worker(*, worker: Worker, now: datetime, actor: User) -> None:
    """Who asks for work lives."""
    steps.note_seen(worker, now)


def _granted(job: Job, worker: Worker, instance: UUID, key: str, device: str) -> Lease:
    now: datetime = job.at  # type: ignore[attr-defined] # annotated
    job.attempt, job.lease_until = job.attempt + 1, now + settings.LANDBRIDGE_LEASE
    estimate = job.items_total * SECONDS_PER_ITEM
    if _enter(pk=job.share_id, estimate=estimate) != 1:
        raise ShareFull
    contents = jobspec.contents_of(job)
    token, text = _issue(job, worker, contents, now)
    attempt = Attempt(
        job=job, number=job.attempt, worker=worker, instance=instance, lease_key=key, device=device,
        started_at=now, estimate=estimate, token=token,
    )  # fmt: skip
    try:
        insert(attempt)
        points.reached("lease_uncommitted")
    except IntegrityError as error:
        raise LeaseRepeated from error
    return Lease(job, attempt, contents, token, text)


_enter = PreparedUpdate(
    lambda: Share.objects.filter(pk=slot(Share, "id", "pk"), running__lt=F("running_limit")),
    running=F("running") + 1,
    virtual_time=F("virtual_time") + slot(Share, "virtual_time", "estimate") / F("weight"),
)


def _again(attempt: Attempt, worker: Worker) -> Lease:
    """The same lease, with a fresh token in place of the one nobody has."""
    job = attempt.job
    if job.attempt != attempt.number or job.worker_id != worker.pk or job.state not in ACTIVE:
        raise JobEnded("This lease is over. Ask for another with a new key.", state=job.state)
    now = time.db_now()
    if attempt.token_id is not None:
        Token.objects.filter(pk=attempt.token_id, revoked_at=None).update(revoked_at=now)
    contents = jobspec.contents_of(job)
    token, text = _issue(job, worker, contents, now)
    Attempt.objects.filter(pk=attempt.pk).update(token=token)
    return Lease(job, attempt, contents, token, text, repeated=True)


def _issue(job: Job, worker: Worker, contents: jobspec.Contents, now: datetime) -> tuple[Token, str]:
    """A token that reads this job's repositories at their revisions. Whatever ends the lease revokes it."""
    reach: dict[str, Any] = {"job": job.pk, "attempt": job.attempt, "repos": jobspec.repos_of(job, contents)}
    return tokens.issue(
        user=worker.user,
        name=f"job {job.pk} attempt {job.attempt}",
        scopes=["repo.read"],
        kind=TokenKind.JOB,
        lifetime=TOKEN_LIFE * settings.LANDBRIDGE_LEASE,
        reach=reach,
        now=now,
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
