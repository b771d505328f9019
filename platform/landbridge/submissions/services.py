"""Submit, screen, seal, queue, publish, withdraw: each one transaction. Screening itself reads files outside of any."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from landbridge.accounts.models import Organization, User
from landbridge.core import ledger, time
from landbridge.core.errors import DomainError
from landbridge.core.machine import Who
from landbridge.evaluations import steps as evaluations
from landbridge.evaluations.models import SuiteRevision
from landbridge.submissions import queries, steps
from landbridge.submissions.examining import Examined
from landbridge.submissions.machine import SUBMISSION, SubmissionState
from landbridge.submissions.models import Submission
from landbridge_plugins import Finding as Seen
from landbridge_registry import sealing
from landbridge_registry import steps as registry
from landbridge_registry.models import Commit

HELD: Final = timedelta(minutes=5)  # one screening; longer ones are taken for dead and tried again
TRIES: Final = 3
GIVEN_UP = Seen(
    code="screening_failed",
    message="Screening broke off three times. This is our fault, not yours: ask the operator, who sees why in the log.",
    blocking=True,
)


@transaction.atomic(durable=True)
def create_submission(
    *, repo_id: UUID, commit: str, asked: str, suite_revision_id: str | None, actor: User
) -> tuple[Submission, bool]:
    """Ask for a commit to be screened, sealed and evaluated; true if that is new.

    Asked again, the same submission: as it stands, or screened anew if it needed changes.
    """
    repo = registry.lock(repo_id)
    live = Submission.objects.filter(repo=repo, commit=commit).exclude(state=SubmissionState.WITHDRAWN)
    found = live.filter(suite_revision=suite_revision_id).first()
    if found is not None:
        if found.state == SubmissionState.NEEDS_CHANGES:
            steps.move(found, "resubmit", who=Who.MEMBER, held_until=None, tries=0)
        return found, False
    made = Submission.objects.create(
        repo=repo,
        commit=commit,
        asked=asked,
        suite_revision=SuiteRevision.objects.get(pk=suite_revision_id) if suite_revision_id else None,
        requested_by=actor,
        organization=Organization.objects.filter(namespace=repo.namespace_id).first(),
        state_since=time.db_now(),
    )
    steps.move(made, "submit", who=Who.MEMBER)
    said = {"model": str(repo), "commit": commit, "suite": str(made.suite_revision or "")}
    ledger.record("submission.created", subject=made, actor=actor, **said)
    return made, True


@transaction.atomic(durable=True)
def start_screening(*, submission_id: str, actor: User) -> Submission | None:
    """Take the submission for screening. ``None``: another holds it, or it is not to be screened."""
    now = time.db_now()
    free = Q(held_until=None) | Q(held_until__lt=now)
    rows = Submission.objects.filter(free, pk=submission_id, state=SubmissionState.SCREENING)
    if rows.update(held_until=now + HELD, tries=F("tries") + 1) != 1:
        return None
    found = queries.submissions().get(pk=submission_id)
    if found.tries > TRIES:
        _refuse(found, [GIVEN_UP], actor)
        return None
    return found


@transaction.atomic(durable=True)
def finish_screening(*, submission_id: str, tries: int, examined: Examined, actor: User) -> Submission:
    """Keep the findings; seal what has none that blocks. ``tries`` fences a screening that was taken for dead.

    Sealing twice gives the same version, so a commit that was sealed before keeps what it was sealed as.
    """
    repo_id = Submission.objects.values_list("repo", flat=True).get(pk=submission_id)
    repo = registry.lock(repo_id)
    submission = steps.lock(submission_id)
    if submission.state != SubmissionState.SCREENING or submission.tries != tries:
        return submission
    if examined.blocked:
        _refuse(submission, examined.findings, actor)
        return submission
    steps.keep_findings(submission, examined.findings)
    revision = sealing.seal(
        repo=repo,
        commit=Commit.objects.get(repo=repo, sha=submission.commit),
        at=time.db_now(),
        reason="submission",
        subject=f"submission:{submission.pk}",
        license=examined.license,
        capabilities=examined.capabilities,
        facts=examined.facts,
    )
    steps.move(submission, "seal", who=Who.CLOCK, revision=revision, held_until=None)
    ledger.record("submission.sealed", subject=submission, actor=actor, digest=revision.tree_digest, model=str(repo))
    return submission


def _refuse(submission: Submission, findings: Sequence[Seen], actor: User) -> None:
    steps.keep_findings(submission, findings)
    steps.move(submission, "refuse", who=Who.CLOCK, held_until=None)
    codes = sorted({one.code for one in findings if one.blocking})
    ledger.record("submission.refused", subject=submission, actor=actor, codes=codes)


@transaction.atomic(durable=True)
def queue_evaluation(*, submission_id: str, actor: User) -> Submission:
    """Queue the suite for a sealed submission. Done already, or without a suite: nothing.

    A question that was asked before has its job already; that one is taken. What cannot be queued keeps the reason.
    """
    submission = steps.lock(submission_id)
    if submission.state != SubmissionState.SEALED or submission.suite_revision is None or submission.revision is None:
        return submission
    try:
        with transaction.atomic():
            job = evaluations.queue_job(
                revision=submission.revision,
                suite_revision=submission.suite_revision,
                actor=submission.requested_by,
                organization=submission.organization,
            )
    except DomainError as error:
        Submission.objects.filter(pk=submission.pk).update(fault={"code": error.reason, "text": str(error)})
        ledger.record("submission.not_queued", subject=submission, actor=actor, code=error.reason)
        return submission
    steps.move(submission, "evaluate", who=Who.CLOCK, job=job)
    return submission


@transaction.atomic(durable=True)
def publish_submission(*, submission_id: str, actor: User) -> bool:
    """The evaluation has a result. False: it was said before."""
    moved = SUBMISSION.move(Submission, submission_id, "publish", who=Who.CLOCK, state_since=time.db_now())
    if moved:
        ledger.record("submission.published", subject=Submission.objects.get(pk=submission_id), actor=actor)
    return moved


@transaction.atomic(durable=True)
def withdraw_submission(*, submission_id: str, actor: User, who: Who = Who.MEMBER) -> Submission:
    """Take a submission back. A version that was sealed stays sealed; nothing holds it for this submission any more.

    Raises ``TransitionRefused`` while its job runs, and for what is published.
    """
    repo_id = Submission.objects.values_list("repo", flat=True).get(pk=submission_id)
    repo = registry.lock(repo_id)
    submission = steps.lock(submission_id)
    if submission.state == SubmissionState.WITHDRAWN:
        return submission
    steps.move(submission, "withdraw", who=who, held_until=None)
    sealing.release(repo=repo, commit=submission.commit, subject=f"submission:{submission.pk}")
    ledger.record("submission.withdrawn", subject=submission, actor=actor)
    return submission
