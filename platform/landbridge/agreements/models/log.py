"""The access log: every decision on every request, and how it ended."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models

from landbridge.accounts.models import Organization
from landbridge.agreements.models.papers import AgreementRevision
from landbridge.agreements.models.rights import Grant
from landbridge.core.ids import LENGTH, new_id
from landbridge_registry.models import Repo

PERSON = settings.AUTH_USER_MODEL


class Trace(models.Model):
    """Address and program of one signature or request. Apart and erasable: append-only rows hold its salted hash."""

    digest = models.CharField(primary_key=True, max_length=64)
    salt = models.CharField(max_length=32)
    address = models.CharField(max_length=64, blank=True)
    agent = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest


def _named(to: Any) -> Any:  # noqa: ANN401 a column, typed by the model it names
    """A row that the log names without holding it: it may be deleted, the log stays as it was written."""
    return models.ForeignKey(to, on_delete=models.DO_NOTHING, db_constraint=False, null=True, related_name="+")


class AccessRow(models.Model):
    """One decision on one request, allowed or denied, written before the first byte. Its end is an ``AccessEnd``."""

    id = models.CharField(primary_key=True, max_length=LENGTH, default=new_id, editable=False)
    at = models.DateTimeField()
    allowed = models.BooleanField()
    code = models.CharField(max_length=32)
    capability = models.CharField(max_length=40)
    purpose = models.CharField(max_length=40, blank=True)
    method = models.CharField(max_length=8)
    grant = _named(Grant)
    agreement_revision = _named(AgreementRevision)
    organization = _named(Organization)
    user = _named(PERSON)
    token = models.CharField(max_length=26, blank=True)
    job = models.CharField(max_length=26, blank=True)
    repo = _named(Repo)
    commit = models.CharField(max_length=40, blank=True)
    path = models.CharField(max_length=1024, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    range_asked = models.CharField(max_length=60, blank=True)
    trace = models.CharField(max_length=64, blank=True)

    append_only: ClassVar[bool] = True

    class Meta:
        indexes = [
            models.Index(fields=["repo", "at"], name="access_by_repo"),
            models.Index(fields=["grant", "at"], name="access_by_grant"),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.path} {self.at}"


class AccessEnd(models.Model):
    """How a request that was allowed ended: one row, once. None after a day: nobody knows (a crash)."""

    class Outcome(models.TextChoices):
        COMPLETE = "complete"
        CLIENT_LEFT = "client_left"
        CUT = "cut"
        ERROR = "error"
        DELEGATED = "delegated"

    row = models.OneToOneField(AccessRow, on_delete=models.PROTECT, primary_key=True, related_name="end")
    at = models.DateTimeField()
    bytes_sent = models.PositiveBigIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)

    append_only: ClassVar[bool] = True

    def __str__(self) -> str:
        return f"{self.outcome} after {self.bytes_sent}"
