"""What the conformance kit said of a lab's wheel, in the sandbox of a worker."""

from typing import ClassVar

from django.db import models

from landbridge.core.models import BaseModel
from landbridge.evaluations.models.jobs import Job
from landbridge.evaluations.models.workers import Worker


class Screening(BaseModel):
    """Accepted once, never changed. ``body`` is landbridge.screening/1, ``envelope`` carries two signatures."""

    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="screening")
    attempt = models.PositiveIntegerField()
    worker = models.ForeignKey(Worker, on_delete=models.PROTECT, related_name="screenings")
    accepted_at = models.DateTimeField()
    body = models.JSONField()
    envelope = models.JSONField()  # DSSE
    digest = models.CharField(max_length=64)  # SHA-256 of the statement's bytes

    append_only: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"screening of {self.job_id}"
