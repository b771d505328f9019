"""What the services of submissions share. Lock order: repository, submission, job, the ledger's chain."""

from collections.abc import Sequence
from typing import Any

from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.errors import NotFound
from landbridge.core.machine import Who
from landbridge.submissions.machine import SUBMISSION
from landbridge.submissions.models import Finding, Submission
from landbridge_plugins import Finding as Seen


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
def keep_findings(submission: Submission, findings: Sequence[Seen]) -> None:
    """What the last screening saw, and only that."""
    Finding.objects.filter(submission=submission).delete()
    Finding.objects.bulk_create(
        Finding(submission=submission, place=place, code=one.code[:60], message=one.message, blocking=one.blocking)
        for place, one in enumerate(findings)
    )
