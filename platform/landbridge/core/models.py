"""The base of every table, the ledger, and the keys of repeated requests."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from landbridge_registry.ids import LENGTH, new_id


class BaseModel(models.Model):
    """A row with a ULID. What lies on the API is this id."""

    id = models.CharField(primary_key=True, max_length=LENGTH, default=new_id, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        abstract = True


class ChainHead(models.Model):
    """The last line of a chain. Locking this row is how writers of one chain queue up; always the last lock taken."""

    chain = models.CharField(primary_key=True, max_length=64)
    seq = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq}"


class Line(models.Model):
    """One deed, chained to the one before. Never changed or removed: triggers refuse it (``core.append_only``)."""

    chain = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField()
    at = models.DateTimeField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    verb = models.CharField(max_length=64)
    object = models.CharField(max_length=128)
    data = models.JSONField(default=dict)
    prev_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["chain", "seq"], name="one_line_per_place_in_a_chain"),
            models.CheckConstraint(condition=Q(seq__gte=1), name="a_chain_starts_at_one"),
        ]
        indexes = [models.Index(fields=["object"], name="ledger_by_object")]

    def __str__(self) -> str:
        return f"{self.chain}#{self.seq} {self.verb} {self.object}"


class KeyUse(models.TextChoices):
    PLATFORM = "platform"
    WORKER = "worker"


class SigningKey(BaseModel):
    """A public key that signs, or signed, results: it stays listed for good, so that old results can be checked."""

    keyid = models.CharField(max_length=64, unique=True)
    public = models.CharField(max_length=64, unique=True)  # Ed25519, hex
    use = models.CharField(max_length=8, choices=KeyUse)
    name = models.CharField(max_length=80)
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)  # what is dated from here on is void
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at=None) | ~Q(reason=""), name="a_revoked_key_says_why_it_was_revoked"
            ),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gt=F("valid_from")), name="a_key_is_valid_for_some_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.use} {self.name} {self.keyid[:16]}"


class IdempotencyKey(models.Model):
    """A POST that was promised to happen once: claimed before the work, filled with its answer after it."""

    principal = models.CharField(max_length=64)
    route = models.CharField(max_length=200)
    key = models.CharField(max_length=128)
    request_sha256 = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.TextField(blank=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["principal", "route", "key"], name="one_answer_per_principal_route_and_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.principal} {self.route} {self.key}"


class Heartbeat(models.Model):
    """When a part of the platform that has no address was last at work: the sweeper."""

    name = models.CharField(primary_key=True, max_length=40)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
