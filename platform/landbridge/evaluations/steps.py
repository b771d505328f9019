"""What the services of jobs share. Lock order, everywhere: job, then share."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet

from landbridge.accounts.models import Organization, Token, User, UserKind
from landbridge.core import ledger, outbox, time
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.core.prepared import Prepared, PreparedUpdate, slot
from landbridge.evaluations import choosing, faults, planning, quotas
from landbridge.evaluations.beats import unnoted
from landbridge.evaluations.errors import Fenced, JobEnded, NoOwnMachines, NotSealed
from landbridge.evaluations.events import Said, move_and_tell, tell_state
from landbridge.evaluations.machine import ACTIVE, TRIES_IN_ALL, TRIES_WITHOUT_PROGRESS, JobState
from landbridge.evaluations.models import Attempt, Evaluation, Job, JobKind, Pool, Shard, Share, SuiteRevision, Worker
from landbridge_registry.models import Repo, Revision

QUEUE = "wake.cpu"
TASK = "landbridge.wake"
TIER_SCREENING = 1
BACKOFF_LIMIT = 60.0  # seconds
CPU = f"{planning.DEVICE}cpu"
BATCH_TOKENS = {CPU: 512}  # the least that the engine takes where the plan names none; on GPUs:
BATCH_TOKENS_GPU = 8192


@step
def queue_job(  # noqa: PLR0913 a question has these parts
    *,
    revision: Revision,
    suite_revision: SuiteRevision,
    actor: User,
    organization: Organization | None = None,
    nonce: str = "",
    tier: int = 2,
    rerun_of: Job | None = None,
    pool: Pool = Pool.OPERATOR,
    needs: Collection[str] = (),
) -> Job:
    """The job of this question, queued with its shards; submitted again, the existing one.

    ``pool``: whose machines run it. ``needs``: labels besides the platform's own (``dispatch.chosen``).
    Raises ``NotSealed`` for a version without a digest, ``NoTaskFits`` where the model can do no task of the suite,
    ``QuotaExhausted``.
    """
    if not revision.tree_digest:
        raise NotSealed("Only a sealed version can be evaluated. Seal it first.")
    configuration = planning.configuration_of(suite_revision, revision)
    nonce = nonce if pool == Pool.OPERATOR else f"{pool} {nonce}"
    key = planning.content_key(revision, suite_revision, configuration, nonce, JobKind.EVALUATION)
    found = Job.objects.filter(content_key=key).first()
    if found is not None:
        return found
    tasks = [row.task for row in suite_revision.rows.select_related("task__dataset__repo")]
    plan = planning.plan_job(revision, tasks, pool=pool, organization=organization)
    evaluation, _ = Evaluation.objects.get_or_create(
        revision=revision,
        suite_revision=suite_revision,
        defaults={"requested_by": actor, "organization": organization},
    )
    job, created = _queue(
        key=key, repo=revision.repo, commit=revision.commit, tree_digest=revision.tree_digest, actor=actor,
        organization=organization, evaluation=evaluation, rerun_of=rerun_of, configuration=configuration,
        skipped=plan.skipped, tier=tier, needs_key=planning.needs_of(revision, needs),
        items_total=plan.items, code="plugin" in configuration, pool=pool,
    )  # fmt: skip
    if created:
        Shard.objects.bulk_create(
            Shard(job=job, index=shard.index, task=task, start=shard.start, stop=shard.stop)
            for task, shard in plan.shards
        )
        ledger.record("evaluation.queued", subject=job, actor=actor, suite=str(suite_revision), shards=len(plan.shards))
    return job


@step
def queue_screening(  # noqa: PLR0913 a plugin's release has these parts
    *,
    repo: Repo,
    commit: str,
    tree_digest: str,
    plugin: dict[str, Any],
    actor: User,
    organization: Organization | None = None,
    nonce: str = "",
) -> Job:
    """The job that runs the conformance kit over a lab's wheel, in isolation; submitted again, the existing one.

    ``plugin`` is what the JobSpec says: ``wheel`` (its path in ``repo``), ``wheel_sha256``, ``name``, ``version``.
    """
    configuration = {"plugin": {**plugin, "spec": None}}
    key = planning.screening_key(repo, tree_digest, configuration, nonce)
    job, created = _queue(
        key=key, repo=repo, commit=commit, tree_digest=tree_digest, actor=actor, organization=organization,
        kind=JobKind.SCREENING, configuration=configuration, tier=TIER_SCREENING, needs_key=planning.ISOLATED,
        code=True,
    )  # fmt: skip
    if created:
        ledger.record("screening.queued", subject=job, actor=actor, wheel=plugin["wheel_sha256"])
    return job


def _queue(
    *,
    key: str,
    repo: Repo,
    actor: User,
    organization: Organization | None,
    **columns: Any,  # noqa: ANN401 what the kind says of itself
) -> tuple[Job, bool]:
    """The row under ``key``, and whether it is new: then it is told and workers are woken."""
    share, _ = Share.objects.get_or_create(namespace=organization.namespace if organization else repo.namespace)
    choosing.catch_up(share)
    now = time.db_now()
    job, created = Job.objects.get_or_create(
        content_key=key,
        defaults={
            "repo": repo,
            "organization": organization,
            "requested_by": actor,
            "share": share,
            "state_since": now,
            "submitted_at": now,
            "woken_at": now,
            **columns,
        },
    )
    if created:
        if _is_counted(job, actor):  # raises, and undoes the row, when nothing is left
            Job.objects.filter(pk=job.pk).update(quota_day=quotas.take(share))
        tell_state(job.pk, JobState.QUEUED, text="The job waits for a worker.")
        outbox.wake(TASK, job.pk, queue=QUEUE)
    return job, created


@step
def own_pool(organization: Organization | None) -> Pool:
    """Whose machines the organization's own are. Raises ``NoOwnMachines`` where it has attached none."""
    pool = Worker.objects.filter(organization=organization, enabled=True).values_list("pool", flat=True).first()
    if organization is None or pool is None:
        raise NoOwnMachines("Attach a machine first: POST /api/v1/organizations/{organization}/workers.")
    return Pool(pool)


def _is_counted(job: Job, actor: User) -> bool:
    """Evaluations on the operator's machines that people and programs ask for."""
    return job.kind == JobKind.EVALUATION and job.pool == Pool.OPERATOR and actor.kind != UserKind.CLOCK


def under_lease() -> QuerySet[Job]:
    """The condition of every write under a lease (execution, section 1), with slots for whose it is."""
    own = Q(pk=slot(Job, "id", "pk"), attempt=slot(Job, "attempt"), worker=slot(Job, "worker"))
    return Job.objects.filter(own, state__in=ACTIVE)


_held = Prepared(lambda: under_lease().select_for_update(of=("self",)).annotate(at=time.now()))


@step
def hold_lease(job_id: str, number: int, worker: Worker) -> Job:
    """The job, locked, if the lease is current; else ``JobEnded`` or ``Fenced``. ``at`` is the database's time.

    On SQLite every transaction holds the one write lock from its beginning, so a look is enough there.
    """
    found = _held.first(pk=job_id, attempt=number, worker=worker)
    if found is None:
        raise refusal(job_id)
    return found


@step
def lock(job_id: str, where: Q = Q()) -> bool:
    """Lock the row and see what its last writer left. False: it does not meet ``where``, or is not there.

    Who decides by what a job is locks it first: a look alone shows the state before a write that is not committed yet.
    """
    return Job.objects.filter(where, pk=job_id).update(event_seq=F("event_seq")) == 1


@step
def note_seen(worker: Worker, now: datetime) -> None:
    """Who calls lives; noted now and then, not at each call."""
    if unnoted(worker, now):
        Worker.objects.filter(pk=worker.pk).update(last_seen=now, stale=False)


def refusal(job_id: str) -> Fenced | JobEnded:
    state = Job.objects.filter(pk=job_id).values_list("state", flat=True).first()
    if state in {JobState.DONE, JobState.FAILED, JobState.CANCELLED}:
        return JobEnded(f"This job is {state}. Stop the child and write nothing more.", state=state)
    return Fenced("This lease is over: another attempt runs, or will. Stop the child and write nothing more.")


@step
def end_attempt(
    job: Job, *, now: datetime, outcome: str, counted: bool = False, fault: dict[str, Any] | None = None
) -> None:
    """Close the attempt, kill its token, give the share its place back. The job is moved by the caller."""
    own = {"job": job, "number": job.attempt}
    closed = _close.returning(**own, ended_at=now, outcome=outcome, counted=counted, fault=fault or {})
    assert closed is not None  # noqa: S101 a leased job has an attempt that runs
    token, started_at, estimate = closed
    if token is not None:
        _revoke(pk=token, revoked_at=now)
    _leave(pk=job.share_id, owed=(now - started_at).total_seconds() - estimate)


_close = PreparedUpdate(
    lambda: Attempt.objects.filter(job=slot(Attempt, "job"), number=slot(Attempt, "number"), ended_at=None),
    **{name: slot(Attempt, name) for name in ("ended_at", "outcome", "counted", "fault")},
).giving("token_id", "started_at", "estimate")
_revoke = PreparedUpdate(
    lambda: Token.objects.filter(pk=slot(Token, "id", "pk"), revoked_at=None), revoked_at=slot(Token, "revoked_at")
)
_leave = PreparedUpdate(
    lambda: Share.objects.filter(pk=slot(Share, "id", "pk"), running__gt=0),
    running=F("running") - 1,
    virtual_time=F("virtual_time") + slot(Share, "virtual_time", "owed") / F("weight"),
)


def attempt_of(job: Job) -> Attempt:
    """The one that runs."""
    found = _attempt.first(job=job, number=job.attempt)
    assert found is not None  # noqa: S101 a leased job has one
    return found


_attempt = Prepared(lambda: Attempt.objects.filter(job=slot(Attempt, "job"), number=slot(Attempt, "number")))


@step
def finish(  # noqa: PLR0913 how a job ended has these parts
    job: Job,
    *,
    who: Who,
    action: str,
    outcome: str,
    fault: dict[str, Any] | None = None,
    also: Collection[Said] = (),
    at: datetime | None = None,
) -> bool:
    """Move a job whose row is locked to a final state and close its attempt. False: somebody was first."""
    now = at or time.db_now()
    said: dict[str, Any] = {"fault": fault} if fault else {}
    code, text = str((fault or {}).get("code", "")), str((fault or {}).get("text", ""))
    moved = move_and_tell(job, action, who=who, at=now, text=text, code=code, also=also, ended_at=now, **said)
    if moved:
        end_attempt(job, now=now, outcome=outcome, fault=fault)
        if action == "fail" and (fault or {}).get("kind") == faults.INFRASTRUCTURE:
            quotas.give_back(job)
    return moved


@step
def give_back(  # noqa: PLR0913 how an attempt ended has these parts
    job: Job, *, who: Who, outcome: str, fault: dict[str, Any], counted: bool, rest: timedelta = timedelta(0)
) -> str:
    """End an attempt that did not finish: queue again, or fail when the budget is spent. Answers the new state.

    Attempts that brought a new shard start the count anew (execution, section 1: the retry budget). ``rest`` is the
    least time until the next.
    """
    if job.cancel_requested:
        finish(job, who=who, action="obey", outcome="cancelled", fault=cancelled_fault())
        return JobState.CANCELLED
    shards = Shard.objects.filter(job=job).exclude(sha256="").count()
    tries = 0 if shards > job.shard_mark else job.no_progress
    tries += 1 if counted and shards <= job.shard_mark else 0
    if tries >= TRIES_WITHOUT_PROGRESS or job.attempt >= TRIES_IN_ALL:
        finish(job, who=who, action="fail", outcome=outcome, fault=no_progress(fault, tries, job.attempt))
        return JobState.FAILED
    delay = min(BACKOFF_LIMIT, 0.5 * 2**tries) * secrets.SystemRandom().uniform(0.5, 1.0) if counted else 0.0
    delay = max(delay, rest.total_seconds())
    now = time.db_now()
    moved = move_and_tell(
        job, "give_back", who=who, at=now, text=str(fault["text"]), code=str(fault["code"]), no_progress=tries,
        shard_mark=shards, not_before=now + timedelta(seconds=delay), fault=fault, woken_at=now, progress={},
        needs_key=narrowed(job) if shards else job.needs_key, configuration=job.configuration,
    )  # fmt: skip
    if moved:
        end_attempt(job, now=now, outcome=outcome, counted=counted, fault=fault)
        outbox.wake(TASK, job.pk, queue=QUEUE)
    return JobState.QUEUED


@step
def halve(job: Job) -> bool:
    """Halve the token budget of a job that ran out of memory; the caller writes it. False: that was tried before."""
    if Attempt.objects.filter(job=job, fault__code=faults.MEMORY).exists():
        return False
    device = Attempt.objects.values_list("device", flat=True).get(job=job, number=job.attempt)
    budget = job.configuration.get("batch_tokens") or BATCH_TOKENS.get(device or CPU, BATCH_TOKENS_GPU)
    job.configuration = {**job.configuration, "batch_tokens": max(1, int(budget) // 2)}
    return True


def narrowed(job: Job) -> str:
    """What the job needs from now on: the device class of its first shard, since scores of two never mix."""
    first = Shard.objects.filter(job=job).exclude(sha256="").order_by("kept_at", "index").values("attempt")[:1]
    device = Attempt.objects.filter(job=job, number__in=first).values_list("device", flat=True).first()
    return planning.joined({*job.needs_key.split(","), device or ""})


def no_progress(last: dict[str, Any], tries: int, attempts: int) -> dict[str, Any]:
    text = (
        f"{tries} attempts in a row ended without new work ({attempts} in all), so the job was stopped. "
        f"The last: {last.get('text', '')}"
    )
    return {"code": "no_progress", "kind": "infrastructure", "who": "operator", "text": text, "last": last}


def cancelled_fault() -> dict[str, Any]:
    return {"code": "cancelled", "kind": "nobody", "who": "nobody", "text": "The job was cancelled on request."}
