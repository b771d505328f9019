"""Boards: who stands where on which task, and why somebody does not stand at all."""

from django.db import models
from django.db.models import F, Q

from landbridge.core.models import BaseModel
from landbridge.evaluations.models import Result, Suite, TaskRecord
from landbridge_registry.models import Repo, Revision

METHOD = (
    "Competition ranking of the primary metric on the newest accepted result of each model, run on the operator's "
    "workers. A model's rank interval counts the models whose 95 % interval lies wholly above or below its own."
)


class Board(BaseModel):
    slug = models.SlugField(max_length=80, unique=True)
    suite = models.OneToOneField(Suite, on_delete=models.PROTECT, related_name="board")
    method = models.TextField(default=METHOD)
    refreshed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.slug


class Entry(BaseModel):
    """One model on one task of a board; no task: the whole board. Without a rank, ``missing_reason`` says why."""

    board = models.ForeignKey(Board, on_delete=models.CASCADE, related_name="entries")
    task = models.ForeignKey(TaskRecord, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    model = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="entries")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    result = models.ForeignKey(Result, on_delete=models.PROTECT, related_name="entries")
    metric = models.CharField(max_length=60, blank=True)
    value = models.FloatField(null=True, blank=True)
    lo = models.FloatField(null=True, blank=True)
    hi = models.FloatField(null=True, blank=True)
    n = models.PositiveIntegerField(default=0)
    rank = models.PositiveIntegerField(null=True, blank=True)
    rank_lo = models.PositiveIntegerField(null=True, blank=True)
    rank_hi = models.PositiveIntegerField(null=True, blank=True)
    missing_reason = models.CharField(max_length=24, blank=True)
    missing_text = models.CharField(max_length=500, blank=True)
    # marks: what a reader should know of how the number came about
    code = models.BooleanField(default=False)  # the lab's own code ran
    self_run = models.BooleanField(default=False)  # on the lab's own machine: shown apart, never ranked
    self_reported = models.BooleanField(default=False)  # probabilities of lab code, which nobody outside can check
    device_class = models.CharField(max_length=40, blank=True)  # cpu, cuda:sm90

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["board", "task", "model"], name="one_entry_per_board_task_and_model"),
            models.UniqueConstraint(
                fields=["board", "model"], condition=Q(task=None), name="one_overall_entry_per_board_and_model"
            ),
            models.CheckConstraint(
                condition=Q(missing_reason="", rank__gte=1, rank_lo__lte=F("rank"), rank_hi__gte=F("rank"))
                | (~Q(missing_reason="") & Q(rank__isnull=True, rank_lo__isnull=True, rank_hi__isnull=True)),
                name="an_entry_has_a_rank_in_its_interval_or_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(rank=None) | Q(self_run=False, self_reported=False),
                name="what_is_self_run_or_self_reported_has_no_rank",
            ),
        ]
        indexes = [models.Index(fields=["board", "task", "rank"], name="entries_in_order")]

    def __str__(self) -> str:
        return f"{self.board} {self.model_id} {self.rank}"
