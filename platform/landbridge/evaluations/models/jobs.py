"""The question and the jobs that answer it."""

from django.db import models
from django.db.models import Q

from landbridge.accounts.models import Organization, User
from landbridge.core.models import BaseModel
from landbridge.evaluations.machine import ACTIVE, JobState
from landbridge.evaluations.models.catalog import SuiteRevision
from landbridge.evaluations.models.workers import Pool, Share, Worker
from landbridge_registry.models import Repo, Revision


class Evaluation(BaseModel):
    """A question: how does this version do on this suite? Each re-run adds a job."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="evaluations")
    suite_revision = models.ForeignKey(SuiteRevision, on_delete=models.PROTECT, related_name="evaluations")
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "suite_revision"], name="one_question_per_version_and_suite"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} on {self.suite_revision}"


class JobKind(models.TextChoices):
    EVALUATION = "evaluation"
    SCREENING = "screening"
    BLIND = "blind"
    CONVERSION = "conversion"


ASKED = (JobKind.EVALUATION, JobKind.BLIND)  # kinds that answer an evaluation's question


class Job(BaseModel):
    """The row is the truth; a broker's message is only a wake-up."""

    kind = models.CharField(max_length=10, choices=JobKind, default=JobKind.EVALUATION)
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs")
    # what it is about, whatever its kind: content that no later commit changes
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="jobs")
    commit = models.CharField(max_length=40)
    tree_digest = models.CharField(max_length=64)
    code = models.BooleanField(default=False)  # a lab's code runs: in isolation only
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    content_key = models.CharField(max_length=64, unique=True)
    requested_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    rerun_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reruns")
    configuration = models.JSONField(default=dict)  # seeds, dtype, batch_tokens, device, limits, plugin
    skipped = models.JSONField(default=dict)  # task → why the model cannot do it
    state = models.CharField(max_length=10, choices=JobState, default=JobState.QUEUED)
    state_since = models.DateTimeField()
    submitted_at = models.DateTimeField()
    aged_at = models.DateTimeField(null=True, blank=True)  # when waiting last raised its tier
    ended_at = models.DateTimeField(null=True, blank=True)
    # who runs it, until when
    attempt = models.PositiveIntegerField(default=0)  # the fencing token: each lease raises it, each write shows it
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, null=True, blank=True, related_name="jobs")
    instance = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)  # by the database's clock, as all times
    seen_at = models.DateTimeField(null=True, blank=True)  # last heartbeat that was written
    # when and where it may run
    not_before = models.DateTimeField(null=True, blank=True)
    hold = models.CharField(max_length=24, blank=True)  # screening, agreement, key_release, operator
    cancel_requested = models.BooleanField(default=False)
    tier = models.PositiveSmallIntegerField(default=2)
    pool = models.CharField(max_length=8, choices=Pool, default=Pool.OPERATOR)
    needs_key = models.CharField(max_length=200, blank=True)  # labels a worker must carry, sorted, joined by commas
    share = models.ForeignKey(Share, on_delete=models.PROTECT, related_name="jobs")
    quota_day = models.DateField(null=True, blank=True)  # whose window counted it; null: none did
    # how it goes
    no_progress = models.PositiveSmallIntegerField(default=0)  # attempts in a row that brought no new shard
    shard_mark = models.PositiveIntegerField(default=0)  # shards in when that was last counted
    woken_at = models.DateTimeField(null=True, blank=True)
    event_seq = models.PositiveIntegerField(default=0)
    items_total = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict)  # the latest heartbeat: items_done, items_total, stage, memory_mb
    fault = models.JSONField(default=dict)  # the last: code, kind, text, who, stage

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    state__in=ACTIVE,
                    attempt__gte=1,
                    worker__isnull=False,
                    instance__isnull=False,
                    lease_until__isnull=False,
                )
                | (~Q(state__in=ACTIVE) & Q(worker__isnull=True, instance__isnull=True, lease_until__isnull=True)),
                name="an_active_job_has_an_attempt_a_worker_and_a_deadline",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ASKED, evaluation__isnull=False) | (~Q(kind__in=ASKED) & Q(evaluation=None)),
                name="a_job_answers_a_question_if_its_kind_does",
            ),
        ]
        indexes = [
            models.Index(
                fields=["pool", "needs_key", "tier", "share", "submitted_at", "id", "not_before"],
                condition=Q(state="queued", hold="", cancel_requested=False),
                name="jobs_waiting_for_a_worker",
            ),
            models.Index(fields=["lease_until"], condition=Q(state__in=ACTIVE), name="jobs_under_lease"),
            models.Index(fields=["state", "-submitted_at"], name="jobs_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.state}"

    @property
    def question(self) -> Evaluation:
        """What an evaluation's job answers. Jobs of other kinds answer none: ask ``evaluation`` there."""
        if self.evaluation is None:
            raise TypeError(f"A job of the kind {self.kind} answers no evaluation's question.")
        return self.evaluation

    @property
    def revision(self) -> Revision:
        return self.question.revision

    @property
    def suite_revision(self) -> SuiteRevision:
        return self.question.suite_revision
