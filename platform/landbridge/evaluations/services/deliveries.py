# ruff: noqa: ARG001 every service names its actor; not every deed is for the ledger
"""Logs and results that a worker brings."""

from collections.abc import Collection, Iterator, Sequence

from django.db import transaction

from landbridge.accounts.models import User
from landbridge.core import keys, ledger, outbox
from landbridge.core.db import step
from landbridge.core.machine import Who
from landbridge.core.prepared import Prepared, PreparedUpdate, insert, slot
from landbridge.evaluations import faults, jobspec, steps, verification
from landbridge.evaluations.errors import BadResult, Fenced, Gap, JobEnded
from landbridge.evaluations.events import Said, add, move_and_tell
from landbridge.evaluations.models import Attempt, Job, JobKind, LogChunk, Result, Score, TaskRecord, Worker
from landbridge.evaluations.scoring import scores_of
from landbridge.evaluations.values import Chunk, Delivery
from landbridge_client import dsse
from landbridge_evaluation import points
from landbridge_registry.sealing import hold_all

LOG_CAP = 8 << 20  # bytes of one attempt's log that are kept


@transaction.atomic(durable=True)
def add_log(  # noqa: PLR0913 a chunk's address, and what it says
    *, job_id: str, number: int, worker: Worker, offset: int, text: str, actor: User
) -> int:
    """Append to the attempt's log; answers where the next chunk starts. What is there already is not kept twice.

    Raises ``Gap`` where bytes are missing before this chunk.
    """
    job = steps.hold_lease(job_id, number, worker)
    upto, told = _append_log(job, number, Chunk(offset, text))
    for said in told:
        add(job, said, at=job.at)  # type: ignore[attr-defined] # annotated
    return upto


@step
def _append_log(job: Job, number: int, chunk: Chunk) -> tuple[int, Collection[Said]]:
    """Keep what is new of ``chunk``: where the next one starts, and what is to be told."""
    attempt, now = steps.attempt_of(job), job.at  # type: ignore[attr-defined] # annotated
    new = _unseen(chunk.text, chunk.offset, attempt.log_next)
    if not new:
        return attempt.log_next, ()
    size, start = len(new.encode()), attempt.log_next
    _logged(pk=attempt.pk, log_next=start + size)
    if start < LOG_CAP:
        said = faults.clean(new) if start + size <= LOG_CAP else faults.clean(new)[: LOG_CAP - start] + "\n[log cut]\n"
        insert(LogChunk(job=job, attempt=number, offset=start, size=size, text=said, at=now))
        return start + size, (Said("log", {"attempt": number, "offset": start, "text": said}),)
    return start + size, ()


_logged = PreparedUpdate(
    lambda: Attempt.objects.filter(pk=slot(Attempt, "id", "pk")), log_next=slot(Attempt, "log_next")
)


def _unseen(text: str, offset: int, upto: int) -> str:
    raw = text.encode("utf-8", "replace")
    if offset > upto:
        raise Gap(f"Bytes {upto} to {offset} are missing. Send from {upto}.", next=upto)
    try:
        return raw[upto - offset :].decode()
    except UnicodeDecodeError as error:
        raise Gap(f"The chunk overlaps in the middle of a character. Send from {upto}.", next=upto) from error


@transaction.atomic(durable=True)
def begin_delivery(*, job_id: str, number: int, worker: Worker, actor: User) -> bool:
    """All predictions are in; metrics and the statement are being made. False: it was told before."""
    return _finalize(steps.hold_lease(job_id, number, worker))


@step
def _finalize(job: Job, before: Collection[Said] = ()) -> bool:
    said, now = "All answers are in; scores are computed and signed.", job.at  # type: ignore[attr-defined] # annotated
    if move_and_tell(job, "finalize", who=Who.WORKER, at=now, text=said, before=before):
        return True
    for one in before:
        add(job, one, at=now)
    return False


@transaction.atomic(durable=True)
def deliver_result(  # noqa: PLR0913 an attempt's address, what it brings, and who signs for it
    *, job_id: str, number: int, worker: Worker, delivery: Delivery, signer: dsse.Signer, actor: User
) -> tuple[Result, bool]:
    """Check a result against its lease, countersign it and keep it with its scores: all or nothing.

    Sent again, the kept one. Raises ``Fenced``, ``JobEnded``, ``BadResult`` (nothing is kept).
    """
    digest = verification.digest_of(delivery.envelope)
    try:
        job = steps.hold_lease(job_id, number, worker)
    except (Fenced, JobEnded):
        kept = _kept.first(job=job_id, attempt=number, worker=worker, digest=digest)
        if kept is None:
            raise
        return kept, False
    expected = _expected(job, number, worker, delivery)
    statement = verification.statement_of(delivery.envelope, expected)
    verification.check_body(delivery.results, statement["predicate"], expected.tasks)
    result = Result(
        job=job,
        attempt=number,
        worker=worker,
        pool=worker.pool,
        accepted_at=job.at,  # type: ignore[attr-defined] # annotated
        body=delivery.results,
        envelope=dsse.countersign(delivery.envelope, signer),
        digest=digest,
        device_class=verification.device_class_of(statement["predicate"]),
    )
    insert(result)
    Score.objects.bulk_create(list(_scores(result, job, expected.tasks)))
    points.reached("result_uncommitted")
    _keep_for_good(result, job, expected.tasks)
    last = _append_log(job, number, delivery.log)[1] if delivery.log is not None else ()
    _finalize(job, last)  # the beat that says so may come later than the result
    told = Said("result", {"result": result.pk})
    steps.finish(job, who=Who.WORKER, action="accept", outcome="done", also=(told,), at=result.accepted_at)
    outbox.publish("result.accepted", result.pk)
    ledger.record("result.accepted", subject=result, actor=actor, digest=digest, job=job.pk)
    return result, True


_kept = Prepared(
    lambda: Result.objects.filter(
        **{name: slot(Result, name) for name in ("job", "attempt", "worker", "digest")},
    )
)


def _expected(job: Job, number: int, worker: Worker, delivery: Delivery) -> verification.Expected:
    """What the lease named. Only a task that failed by itself may lack shards; a key that was revoked signs nothing."""
    if why := keys.problem_of(worker.public_key, job.at):  # type: ignore[attr-defined] # annotated
        raise BadResult(f"The worker's key may not sign: {why}. Start the worker with a new one.", what="key")
    if job.kind == JobKind.SCREENING:
        raise BadResult("This job is a screening: it has no scores.", what="kind")
    contents = jobspec.contents_of(job)
    failed = verification.failed_tasks(delivery.results)
    missing = [one.index for one in contents.shards if not one.sha256 and one.task.name not in failed]
    if missing:
        raise BadResult(f"{len(missing)} shards are not in yet.", what="shards", missing=missing[:100])
    return verification.Expected(
        job=job.pk,
        attempt=number,
        model_digest=job.tree_digest,
        public_key=worker.public_key,
        leased=verification.leased(job.configuration, job.kind, job.pool),
        tasks=contents.tasks,
        shards=[(one.index, one.sha256) for one in contents.shards if one.sha256],
    )


def _scores(result: Result, job: Job, tasks: Sequence[TaskRecord]) -> Iterator[Score]:
    for task in tasks:
        yield from scores_of(result, task, result.body["tasks"][task.name])
    if not job.skipped:
        return
    rows = job.question.suite_revision.rows.select_related("task").filter(task__name__in=list(job.skipped))
    for row in rows:
        why = str(job.skipped[row.task.name])[:500]
        yield Score(result=result, task=row.task, metric=row.task.primary, primary=True, missing="skipped", text=why)


def _keep_for_good(result: Result, job: Job, tasks: Sequence[TaskRecord]) -> None:
    """What a result names cannot be rewritten or removed any more."""
    named = {(job.repo_id, job.commit), *((task.dataset.repo_id, task.dataset.commit) for task in tasks)}
    hold_all(sorted(named), reason="result", subject=f"result:{result.pk}")
