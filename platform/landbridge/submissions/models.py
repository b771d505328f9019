"""What a lab hands in: a commit, the suite it is to be measured on, and what screening said of it."""

from django.db import models
from django.db.models import Q

from landbridge.accounts.models import Organization, User
from landbridge.core.models import BaseModel
from landbridge.evaluations.models import Job, SuiteRevision
from landbridge.submissions.machine import SubmissionState
from landbridge.submissions.rescreening.models import LateFinding, Notice, Rescreening
from landbridge_registry.models import HEX40, Repo, Revision

__all__ = ["Finding", "LateFinding", "Notice", "Rescreening", "Submission"]

CHECKED = (SubmissionState.SEALED, SubmissionState.EVALUATING, SubmissionState.PUBLISHED)

QUOTA = "quota"  # the fault of a sealed submission that waits for its organization's jobs of another day


class Submission(BaseModel):
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="submissions")
    asked = models.CharField(max_length=200)  # the branch, tag or commit as it was asked for
    commit = models.CharField(max_length=40)
    suite_revision = models.ForeignKey(
        SuiteRevision, on_delete=models.PROTECT, null=True, blank=True, related_name="submissions"
    )
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=13, choices=SubmissionState, default=SubmissionState.DRAFT)
    state_since = models.DateTimeField()
    # screening: who holds it until when, and how often it was tried
    held_until = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, null=True, blank=True, related_name="submissions")
    job = models.ForeignKey(Job, on_delete=models.PROTECT, null=True, blank=True, related_name="submissions")
    # a lab's wheel: what reading it found (its digest, its card's license), until the sandbox has seen it
    examined = models.JSONField(default=dict)
    screening_job = models.ForeignKey(
        Job, on_delete=models.PROTECT, null=True, blank=True, related_name="screened_submissions"
    )
    fault = models.JSONField(default=dict)  # why a sealed one was not queued: {"code", "text"}

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["repo", "commit", "suite_revision"],
                condition=~Q(state=SubmissionState.WITHDRAWN),
                name="one_submission_per_commit_and_suite",
            ),
            models.UniqueConstraint(
                fields=["repo", "commit"],
                condition=Q(suite_revision=None) & ~Q(state=SubmissionState.WITHDRAWN),
                name="one_submission_per_commit_without_suite",
            ),
            models.CheckConstraint(condition=Q(commit__regex=HEX40), name="a_submission_names_a_commit"),
            models.CheckConstraint(
                condition=~Q(state__in=CHECKED) | Q(revision__isnull=False),
                name="what_passed_screening_has_a_sealed_version",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[SubmissionState.EVALUATING, SubmissionState.PUBLISHED]) | Q(job__isnull=False),
                name="what_is_evaluated_has_a_job",
            ),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state="screening"), name="submissions_to_screen"),
            models.Index(fields=["repo", "-created_at"], name="submissions_of_a_model"),
        ]

    def __str__(self) -> str:
        return f"{self.repo}@{self.commit[:8]} {self.state}"


class Finding(models.Model):
    """What screening saw. One that blocks refuses the submission."""

    submission = models.ForeignKey(Submission, on_delete=models.CASCADE, related_name="findings")
    place = models.PositiveIntegerField()
    code = models.CharField(max_length=60)
    message = models.TextField()
    blocking = models.BooleanField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["submission", "place"], name="one_finding_per_submission_and_place"),
        ]

    def __str__(self) -> str:
        return self.code
