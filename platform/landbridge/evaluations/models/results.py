"""What came out: the result with its signed attestation, and its scores, one row a number."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from landbridge.core.models import BaseModel
from landbridge.evaluations.models.catalog import TaskRecord
from landbridge.evaluations.models.jobs import Job
from landbridge.evaluations.models.workers import Pool, Worker


class Result(BaseModel):
    """Accepted once, never changed. ``envelope`` carries the worker's signature and the platform's."""

    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="result")
    attempt = models.PositiveIntegerField()
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="results")
    pool = models.CharField(max_length=8, choices=Pool)
    accepted_at = models.DateTimeField()
    body = models.JSONField()  # landbridge.results/1
    envelope = models.JSONField()  # DSSE
    digest = models.CharField(max_length=64)  # SHA-256 of the statement's bytes
    device_class = models.CharField(max_length=40, blank=True)  # cpu, cuda:sm90: as the statement says
    boarded_at = models.DateTimeField(null=True, blank=True)  # when boards took it in; null: the sweeper looks again

    append_only: ClassVar[bool] = True
    append_only_but: ClassVar[tuple[str, ...]] = ("boarded_at",)

    def __str__(self) -> str:
        return f"result of {self.job_id}"


class Score(BaseModel):
    """One number with n and its 95 % interval, or the reason why there is none."""

    result = models.ForeignKey(Result, on_delete=models.CASCADE, related_name="scores")
    task = models.ForeignKey(TaskRecord, on_delete=models.PROTECT, related_name="scores")
    metric = models.CharField(max_length=60)
    primary = models.BooleanField(default=False)
    value = models.FloatField(null=True, blank=True)
    lo = models.FloatField(null=True, blank=True)
    hi = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(default=0)
    method = models.CharField(max_length=40, blank=True)  # of the interval
    missing = models.CharField(max_length=24, blank=True)  # a code: failed, not_finite, skipped, no_interval
    flags = models.JSONField(default=list)  # limited, small_n, unpinned, self_reported: scored, but never ranked
    text = models.CharField(max_length=500, blank=True)  # the reason in words

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["result", "task", "metric"], name="one_score_per_result_task_and_metric"),
            models.CheckConstraint(
                condition=Q(missing="", value__isnull=False, lo__lte=F("value"), hi__gte=F("value"))
                | (~Q(missing="") & Q(value__isnull=True, lo__isnull=True, hi__isnull=True)),
                name="a_score_has_a_value_in_its_interval_or_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.metric} {self.value}"


class Verdict(models.TextChoices):
    REPEATS = "repeats"  # the same predictions
    WITHIN = "within"  # other ones, inside the stated tolerance
    DIFFERS = "differs"


class Comparison(BaseModel):
    """What a re-run showed beside the result that it repeats: made once, after both were accepted."""

    result = models.OneToOneField(Result, on_delete=models.PROTECT, related_name="comparison")
    of = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="repeated_by")
    verdict = models.CharField(max_length=8, choices=Verdict)
    body = models.JSONField()  # as ``comparison.compare`` gives it
    compared_at = models.DateTimeField()

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(result=F("of")), name="a_result_is_compared_with_another_one"),
        ]

    def __str__(self) -> str:
        return f"{self.result_id} {self.verdict} {self.of_id}"
