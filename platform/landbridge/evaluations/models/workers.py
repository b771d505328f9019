"""Who runs jobs, and how much of that each organization gets."""

from django.db import models
from django.db.models import F, Q

from landbridge.accounts.models import Organization, User
from landbridge.core.models import BaseModel
from landbridge_registry.models import Namespace


class Pool(models.TextChoices):
    """Whose machine it is decides what its results are worth (execution, section 2)."""

    OPERATOR = "operator"  # independent: eligible for boards
    ADOPTER = "adopter"  # party:adopter
    LAB = "lab"  # self-run


class Worker(BaseModel):
    """A machine that may lease jobs, with the key it signs results with. One token, one worker."""

    name = models.CharField(max_length=80, unique=True)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="worker")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    pool = models.CharField(max_length=8, choices=Pool, default=Pool.OPERATOR)
    instance = models.UUIDField(null=True, blank=True)  # of the process that registered last
    software = models.CharField(max_length=120, blank=True)
    slots = models.PositiveSmallIntegerField(default=1)
    labels = models.JSONField(default=list)
    devices = models.JSONField(default=list)
    sandbox = models.JSONField(default=dict)
    public_key = models.CharField(max_length=64, blank=True)  # Ed25519, hex
    last_seen = models.DateTimeField(null=True, blank=True)
    stale = models.BooleanField(default=False)  # silent for too long; the next call clears it
    enabled = models.BooleanField(default=True)
    draining = models.BooleanField(default=False)  # takes no new job, ends its shard and gives the job back

    def __str__(self) -> str:
        return self.name


class Share(models.Model):
    """What one organization (or person) takes of the workers: fair queueing and the limit of jobs at once."""

    namespace = models.OneToOneField(Namespace, on_delete=models.PROTECT, related_name="share")
    running = models.PositiveIntegerField(default=0)
    running_limit = models.PositiveIntegerField(default=8)
    virtual_time = models.FloatField(default=0.0)  # seconds of work, over weight
    weight = models.FloatField(default=1.0)
    daily_limit = models.PositiveIntegerField(null=True, blank=True)  # jobs queued in a day; null: the instance's own

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(running__lte=F("running_limit")), name="a_share_runs_within_its_limit"),
            models.CheckConstraint(condition=Q(weight__gt=0), name="a_share_has_a_positive_weight"),
        ]

    def __str__(self) -> str:
        return f"{self.namespace}: {self.running}/{self.running_limit}"


class QuotaWindow(models.Model):
    """How many jobs an organization queued on one day, by the database's clock."""

    share = models.ForeignKey(Share, on_delete=models.CASCADE, related_name="windows")
    day = models.DateField()
    used = models.PositiveIntegerField(default=0)
    limit = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "day"], name="one_window_per_share_and_day"),
            models.CheckConstraint(condition=Q(used__lte=F("limit")), name="a_window_is_used_within_its_limit"),
        ]

    def __str__(self) -> str:
        return f"{self.share_id} {self.day}: {self.used}/{self.limit}"
