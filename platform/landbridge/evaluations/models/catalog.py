"""Tasks and suites as they were published: a change is a new row, never an edit."""

from django.db import models
from django.db.models import Q

from landbridge.core.models import BaseModel
from landbridge_registry.models import Revision


class TaskRecord(BaseModel):
    """A task with the data that pins it. Results hang on this row, so it never changes."""

    name = models.CharField(max_length=80)
    digest = models.CharField(max_length=64)  # TaskSpec.digest()
    spec = models.JSONField()  # TaskSpec.to_json()
    dataset = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="tasks")
    data_digest = models.CharField(max_length=64)
    labels_digest = models.CharField(max_length=64)
    counts = models.JSONField(default=dict)  # rows of each split
    labels = models.JSONField(default=list)  # class names, where the task has some
    metric = models.CharField(max_length=60)  # the primary one, as results write it: what boards rank by
    higher_is_better = models.BooleanField(default=True)
    status = models.CharField(max_length=10, default="published")  # draft, published, withdrawn
    current = models.BooleanField(default=True)  # of one name, the one that new jobs run

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name", "digest", "dataset"], name="one_task_per_name_digest_and_data"),
            models.UniqueConstraint(fields=["name"], condition=Q(current=True), name="one_current_task_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def title(self) -> str:
        return str(self.spec.get("title") or self.name)

    @property
    def primary(self) -> str:
        """The metric that boards rank by."""
        return self.metric


class Suite(BaseModel):
    name = models.CharField(max_length=80, unique=True)
    title = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    visibility = models.CharField(max_length=8, default="public")  # public, private

    def __str__(self) -> str:
        return self.name


class SuiteRevision(BaseModel):
    """An immutable list of tasks with weights. The newest is what new evaluations run."""

    suite = models.ForeignKey(Suite, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)  # SHA-256 of the spec and the digests of tasks and data
    spec = models.JSONField()  # SuiteSpec.to_json()
    tasks: "models.ManyToManyField[TaskRecord, SuiteTaskRow]" = models.ManyToManyField(
        TaskRecord, through="SuiteTaskRow", related_name="suites"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["suite", "digest"], name="one_revision_per_suite_and_digest"),
            models.UniqueConstraint(fields=["suite", "number"], name="one_revision_per_suite_and_number"),
        ]

    def __str__(self) -> str:
        return f"{self.suite}@{self.number}"


class SuiteTaskRow(models.Model):
    """One task's place and weight in a suite's revision."""

    revision = models.ForeignKey(SuiteRevision, on_delete=models.CASCADE, related_name="rows")
    task = models.ForeignKey(TaskRecord, on_delete=models.PROTECT, related_name="+")
    place = models.PositiveIntegerField()
    weight = models.FloatField(default=1.0)

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "task"], name="one_row_per_revision_and_task"),
            models.UniqueConstraint(fields=["revision", "place"], name="one_task_per_revision_and_place"),
        ]

    def __str__(self) -> str:
        return f"{self.revision} {self.place}: {self.task}"
