"""What the services of submissions share. Lock order: repository, submission, job, the ledger's chain."""

from collections.abc import Mapping, Sequence
from typing import Any

from landbridge.accounts.models import User
from landbridge.core import ledger, time
from landbridge.core.db import step
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who
from landbridge.submissions.machine import SUBMISSION
from landbridge.submissions.models import Finding, Submission
from landbridge_plugins import Finding as Seen
from landbridge_registry import sealing
from landbridge_registry.models import Commit


@step
def lock(submission_id: str) -> Submission:
    """The submission, locked."""
    found = (
        Submission.objects.select_for_update(of=("self",))
        .select_related("repo__namespace", "organization", "requested_by")
        .filter(pk=submission_id)
        .first()
    )
    if found is None:
        raise NotFound("There is no such submission.")
    return found


@step
def move(submission: Submission, action: str, *, who: Who, **sets: Any) -> None:  # noqa: ANN401 columns
    """Take ``action`` or raise ``TransitionRefused``; the row in memory follows."""
    SUBMISSION.require(Submission, submission.pk, action, who=who, state_since=time.db_now(), **sets)
    submission.refresh_from_db()


@step
def seal(
    submission: Submission, license_name: str, able: Mapping[str, Any], facts: Mapping[str, Any], actor: User
) -> None:
    """Fix the commit's content for good. Sealing twice gives the same version, which keeps what it was sealed as."""
    revision = sealing.seal(
        repo=submission.repo,
        commit=Commit.objects.get(repo=submission.repo, sha=submission.commit),
        at=time.db_now(),
        reason="submission",
        subject=f"submission:{submission.pk}",
        license=license_name,
        capabilities=able,
        facts=facts,
    )
    move(submission, "seal", who=Who.CLOCK, revision=revision, held_until=None)
    said = {"digest": revision.tree_digest, "model": str(submission.repo)}
    ledger.record("submission.sealed", subject=submission, actor=actor, **said)


@step
def keep_findings(submission: Submission, findings: Sequence[Seen]) -> None:
    """What the last screening saw, and only that."""
    Finding.objects.filter(submission=submission).delete()
    Finding.objects.bulk_create(
        Finding(submission=submission, place=place, code=one.code[:60], message=one.message, blocking=one.blocking)
        for place, one in enumerate(findings)
    )
