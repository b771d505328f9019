"""Submit, screen, seal, queue, publish, withdraw: each one transaction. Screening itself reads files outside of any."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q

from landbridge.accounts.models import Organization, User
from landbridge.core import ledger, outbox, time
from landbridge.core.db import step
from landbridge.core.errors import DomainError
from landbridge.core.machine import Who
from landbridge.evaluations import faults, screenings
from landbridge.evaluations import steps as evaluations
from landbridge.evaluations.errors import QuotaExhausted
from landbridge.evaluations.machine import TERMINAL, JobState
from landbridge.evaluations.models import Job, JobKind, SuiteRevision
from landbridge.submissions import code, queries, releases, steps
from landbridge.submissions.examining import Examined
from landbridge.submissions.machine import SUBMISSION, SubmissionState
from landbridge.submissions.models import QUOTA, Submission
from landbridge_plugins import Finding as Seen
from landbridge_registry import queries as registered
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
            steps.move(found, "resubmit", who=Who.MEMBER, held_until=None, tries=0, screening_job=None)
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
    rows = Submission.objects.filter(free, pk=submission_id, state=SubmissionState.SCREENING, screening_job=None)
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
    registry.lock(repo_id)
    submission = steps.lock(submission_id)
    if submission.state != SubmissionState.SCREENING or submission.tries != tries:
        return submission
    if examined.blocked:
        _refuse(submission, examined.findings, actor)
        return submission
    steps.keep_findings(submission, examined.findings)
    if examined.plugin:
        _send_to_sandbox(submission, examined, actor)
    else:
        steps.seal(submission, examined.license, examined.capabilities, examined.facts, actor)
    return submission


@step
def _send_to_sandbox(submission: Submission, examined: Examined, actor: User) -> None:
    """Its own code must be seen by the conformance kit first, on a worker that contains it."""
    named = examined.plugin
    taken = releases.problem(submission.repo.namespace, named["name"], named["version"], named["wheel_sha256"])
    if taken is not None:
        _refuse(submission, [*examined.findings, taken], actor)
        return
    commit = Commit.objects.get(repo=submission.repo, sha=submission.commit)
    before = Job.objects.filter(repo=submission.repo, commit=commit.sha, kind=JobKind.SCREENING, state__in=TERMINAL)
    job = evaluations.queue_screening(
        repo=submission.repo,
        commit=commit.sha,
        tree_digest=registered.tree_digest_of(commit),
        plugin={name: named[name] for name in code.MODEL_FACTS},
        actor=submission.requested_by,
        organization=submission.organization,
        nonce=str(before.exclude(state=JobState.DONE).count()),  # one that failed is no answer: it is asked again
    )
    kept = {"plugin": dict(named), "license": examined.license, "facts": dict(examined.facts)}
    Submission.objects.filter(pk=submission.pk).update(examined=kept, screening_job=job, held_until=None)


@transaction.atomic(durable=True)
def settle_screening(*, submission_id: str, actor: User) -> Submission:
    """The sandbox has seen the code, or could not: seal it, say what must change, or try once more.

    Done already, or still under way: nothing.
    """
    repo_id = Submission.objects.values_list("repo", flat=True).get(pk=submission_id)
    registry.lock(repo_id)
    submission = steps.lock(submission_id)
    job = submission.screening_job
    if submission.state != SubmissionState.SCREENING or job is None or job.state not in TERMINAL:
        return submission
    if job.state != JobState.DONE:
        _not_screened(submission, job, actor)
        return submission
    results = job.screening.body
    findings = [*(Seen(**one) for one in submission.findings.values("code", "message", "blocking")),
                *screenings.findings_of(results)]  # fmt: skip
    named, paths = submission.examined["plugin"], _paths(submission)
    spec = code.chosen(results, named["slug"], paths)
    found = [spec] if isinstance(spec, Seen) else code.fit(submission, code.capabilities(spec))
    taken = releases.problem(submission.repo.namespace, named["name"], named["version"], named["wheel_sha256"])
    findings += [*found, *([taken] if taken else [])]
    if isinstance(spec, Seen) or any(one.blocking for one in findings):
        _refuse(submission, findings, actor)
        return submission
    steps.keep_findings(submission, findings)
    specs = screenings.models_of(results)
    releases.release(
        submission.repo, submission.commit, named, specs, at=time.db_now(), by=submission.requested_by.username
    )
    plugin = {**{name: named[name] for name in code.MODEL_FACTS}, "spec": spec.to_json()}
    facts = {**submission.examined["facts"], "plugin": plugin}
    steps.seal(submission, submission.examined["license"], code.capabilities(spec).to_json(), facts, actor)
    return submission


def _paths(submission: Submission) -> set[str]:
    commit = Commit.objects.get(repo=submission.repo, sha=submission.commit)
    return {path for path, *_ in registered.files_of(commit)}


@step
def _not_screened(submission: Submission, job: Job, actor: User) -> None:
    """The lab's fault is told; ours is tried again, three times in all."""
    ours = job.fault.get("kind") not in {faults.LAB, "nobody"}
    if ours and submission.tries < TRIES:
        Submission.objects.filter(pk=submission.pk).update(screening_job=None, held_until=None)
        outbox.publish("submission.created", submission.pk)
        return
    said = GIVEN_UP if ours else code.fault_finding(job.fault)
    _refuse(submission, [said], actor)


@step
def _refuse(submission: Submission, findings: Sequence[Seen], actor: User) -> None:
    steps.keep_findings(submission, findings)
    steps.move(submission, "refuse", who=Who.CLOCK, held_until=None)
    codes = sorted({one.code for one in findings if one.blocking})
    ledger.record("submission.refused", subject=submission, actor=actor, codes=codes)


@transaction.atomic(durable=True)
def queue_evaluation(*, submission_id: str, actor: User, needs: Sequence[str] = ()) -> Submission:
    """Queue the suite for a sealed submission. Done already, or without a suite: nothing.

    A question that was asked before has its job already; that one is taken. What cannot be queued keeps the reason;
    what met the quota of the day is tried again when there are jobs.
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
                needs=needs,
            )
    except QuotaExhausted as error:
        _not_queued(submission, QUOTA, f"{error} The submission is queued by itself as soon as there are jobs.", actor)
        return submission
    except DomainError as error:
        _not_queued(submission, error.reason, str(error), actor)
        return submission
    steps.move(submission, "evaluate", who=Who.CLOCK, job=job, fault={})
    return submission


@step
def _not_queued(submission: Submission, code: str, text: str, actor: User) -> None:
    again = submission.fault.get("code") == code
    Submission.objects.filter(pk=submission.pk).update(fault={"code": code, "text": text})
    if not again:  # the ledger is not told each day anew
        ledger.record("submission.not_queued", subject=submission, actor=actor, code=code)


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
