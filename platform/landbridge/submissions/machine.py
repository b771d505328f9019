"""The life of a submission, as a table. Spec, pages, API and property tests read it; no state changes outside it."""

from typing import Final

from django.db import models
from django.db.models import Q

from landbridge.core.machine import Guard, Machine, Move, Who
from landbridge.evaluations.machine import TERMINAL
from landbridge.submissions.rescreening.machine import LATE_FINDING

__all__ = ["BEFORE_JOB", "IDLE", "LATE_FINDING", "SUBMISSION", "SubmissionState"]


class SubmissionState(models.TextChoices):
    DRAFT = "draft"
    UPLOADING = "uploading"
    SCREENING = "screening"
    NEEDS_CHANGES = "needs_changes"
    SEALED = "sealed"
    EVALUATING = "evaluating"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


S = SubmissionState
CLOCK, MEMBER, PEOPLE = (Who.CLOCK,), (Who.MEMBER,), (Who.MEMBER, Who.OPERATOR)
BEFORE_JOB: Final = (S.DRAFT, S.UPLOADING, S.SCREENING, S.NEEDS_CHANGES, S.SEALED)
IDLE = Guard("its job has ended; cancel the job first", Q(job__isnull=True) | Q(job__state__in=TERMINAL))

SUBMISSION = Machine("submission", initial=S.DRAFT, moves=(
    Move("upload",   (S.DRAFT,),                   S.UPLOADING,     MEMBER),
    Move("submit",   (S.DRAFT, S.UPLOADING),       S.SCREENING,     MEMBER, None, {}, "submission.created"),
    Move("refuse",   (S.SCREENING,),               S.NEEDS_CHANGES, CLOCK),
    Move("resubmit", (S.NEEDS_CHANGES,),           S.SCREENING,     MEMBER, None, {}, "submission.created"),
    Move("seal",     (S.SCREENING,),               S.SEALED,        CLOCK,  None, {}, "submission.sealed"),
    Move("evaluate", (S.SEALED,),                  S.EVALUATING,    CLOCK),
    Move("publish",  (S.EVALUATING,),              S.PUBLISHED,     CLOCK,  None, {}, "submission.published"),
    Move("withdraw", (*BEFORE_JOB, S.EVALUATING),  S.WITHDRAWN,     PEOPLE, IDLE),
))  # fmt: skip
