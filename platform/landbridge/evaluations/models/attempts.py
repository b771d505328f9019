"""What happened under each lease: attempts, the shards they brought, events and logs."""

from django.db import models
from django.db.models import Q

from landbridge.accounts.models import Token
from landbridge.core.models import BaseModel
from landbridge.evaluations.models.catalog import TaskRecord
from landbridge.evaluations.models.jobs import Job
from landbridge.evaluations.models.workers import Worker


class Attempt(BaseModel):
    """One lease, from its grant to its end."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="attempts")
    number = models.PositiveIntegerField()
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="attempts")
    instance = models.UUIDField()
    lease_key = models.CharField(max_length=128)  # the Idempotency-Key it was asked under
    token = models.ForeignKey(Token, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    device = models.CharField(max_length=60, blank=True)  # the label of its device class: class:cpu, class:cuda:sm90
    started_at = models.DateTimeField()
    running_at = models.DateTimeField(null=True, blank=True)  # weights and data were there
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=12, blank=True)  # done, failed, lost, released, retried, cancelled
    counted = models.BooleanField(default=False)  # against the retry budget
    fault = models.JSONField(default=dict)
    estimate = models.FloatField(default=0.0)  # seconds that the share was charged at the lease
    log_next = models.PositiveBigIntegerField(default=0)  # bytes of log received

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="one_attempt_per_job_and_number"),
            models.UniqueConstraint(fields=["worker", "lease_key"], name="one_lease_per_worker_and_key"),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="an_attempt_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}#{self.number}"


class Shard(models.Model):
    """A piece of a job, planned at submission. The first valid write of its bytes stands."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="shards")
    index = models.PositiveIntegerField()
    task = models.ForeignKey(TaskRecord, on_delete=models.PROTECT, related_name="+")
    start = models.PositiveIntegerField()
    stop = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64, blank=True)  # of the stored bytes; empty: not in yet
    size = models.PositiveIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)  # which brought it
    kept_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["index"]
        constraints = [
            models.UniqueConstraint(fields=["job", "index"], name="one_shard_per_job_and_index"),
            models.CheckConstraint(condition=Q(stop__gt=models.F("start")), name="a_shard_holds_items"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}/{self.index}"


class JobEvent(models.Model):
    """What watchers of a job are told, in order and without gaps: the job's row lock hands out ``seq``."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveIntegerField()
    kind = models.CharField(max_length=8)  # state, log, result
    data = models.JSONField(default=dict)
    at = models.DateTimeField()

    class Meta:
        ordering = ["seq"]
        constraints = [models.UniqueConstraint(fields=["job", "seq"], name="one_event_per_job_and_seq")]

    def __str__(self) -> str:
        return f"{self.job_id} {self.seq} {self.kind}"


class LogChunk(models.Model):
    """Bytes ``offset`` to ``offset + size`` of one attempt's log."""

    job = models.ForeignKey(Job, on_delete=models.CASCADE, related_name="log_chunks")
    attempt = models.PositiveIntegerField()
    offset = models.PositiveBigIntegerField()
    size = models.PositiveIntegerField()  # in UTF-8
    text = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["attempt", "offset"]
        constraints = [
            models.UniqueConstraint(fields=["job", "attempt", "offset"], name="one_chunk_per_job_attempt_and_offset"),
        ]

    def __str__(self) -> str:
        return f"{self.job_id}#{self.attempt}@{self.offset}"
