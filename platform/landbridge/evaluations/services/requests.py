"""What people and programs ask: evaluate, cancel, run again."""

from collections.abc import Collection

from django.db import transaction

from landbridge.accounts.models import Organization, User
from landbridge.core import ledger, outbox, time
from landbridge.core.errors import TransitionRefused
from landbridge.core.machine import Who
from landbridge.evaluations import steps
from landbridge.evaluations.events import tell_state
from landbridge.evaluations.machine import ACTIVE, JOB, TERMINAL
from landbridge.evaluations.models import Job, Pool, SuiteRevision
from landbridge_registry.models import Revision


@transaction.atomic(durable=True)
def request_evaluation(  # noqa: PLR0913 a question has these parts
    *,
    revision_id: str,
    suite_revision_id: str,
    actor: User,
    organization: Organization | None = None,
    own: bool = False,
    needs: Collection[str] = (),
) -> Job:
    """Queue a suite for a sealed version, for the operator's machines or the organization's ``own``.

    Asking again gives the same job. Raises ``NotSealed``, ``NoTaskFits``, ``QuotaExhausted``, ``NoOwnMachines``.
    """
    revision = Revision.objects.select_related("repo__namespace").get(pk=revision_id)
    suite_revision = SuiteRevision.objects.select_related("suite").get(pk=suite_revision_id)
    pool = steps.own_pool(organization) if own else Pool.OPERATOR
    return steps.queue_job(
        revision=revision, suite_revision=suite_revision, actor=actor, organization=organization, pool=pool, needs=needs
    )


@transaction.atomic(durable=True)
def cancel_job(*, job_id: str, actor: User, who: Who = Who.MEMBER) -> Job:
    """End a queued job at once; ask an active one to end, which its worker obeys at its next call.

    Asking twice is harmless. Raises ``TransitionRefused`` for a job that ended otherwise.
    """
    steps.lock(job_id)  # a worker may be giving it back: both updates below would miss it
    now = time.db_now()
    fault = steps.cancelled_fault()
    if JOB.move(Job, job_id, "cancel", who=who, state_since=now, ended_at=now, cancel_requested=True, fault=fault):
        tell_state(job_id, "cancelled", text=fault["text"])
    asked = Job.objects.filter(pk=job_id, state__in=ACTIVE, cancel_requested=False).update(cancel_requested=True) == 1
    job = Job.objects.select_related("evaluation").get(pk=job_id)
    if asked:
        tell_state(job_id, job.state, code="cancel_pending", text="The worker stops it at its next call.")
    if not job.cancel_requested:
        raise TransitionRefused(f"This job is {job.state}; only a live one can be cancelled.", state=job.state)
    ledger.record("evaluation.cancelled", subject=job, actor=actor)
    return job


@transaction.atomic(durable=True)
def rerun_job(*, job_id: str, actor: User, needs: Collection[str] = ()) -> Job:
    """A new job for the same question. Raises ``TransitionRefused`` while the last one is live.

    Asking again while the re-run is live gives that one.
    """
    job = Job.objects.select_related("evaluation__revision__repo__namespace", "evaluation__organization").get(pk=job_id)
    if job.state not in TERMINAL:
        raise TransitionRefused(f"This job is {job.state}; run it again when it has ended.", state=job.state)
    if job.evaluation is None:
        raise TransitionRefused("Only an evaluation is run again. Submit the version anew to have it screened.")
    evaluation = job.question
    made = steps.queue_job(
        revision=evaluation.revision,
        suite_revision=evaluation.suite_revision,
        actor=actor,
        organization=evaluation.organization,
        nonce=f"rerun {job.pk}",
        tier=3,
        rerun_of=job,
        pool=Pool(job.pool),
        needs=needs,
    )
    outbox.wake(steps.TASK, made.pk, queue=steps.QUEUE)
    return made
