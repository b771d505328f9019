"""Who signs, what they are asked to sign, and what they signed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from landbridge.accounts.models import AuthorityRecord, Organization
from landbridge.agreements.models.offers import Offer
from landbridge.agreements.models.papers import Agreement, AgreementRevision
from landbridge.agreements.models.words import Side
from landbridge.core.models import BaseModel

PERSON = settings.AUTH_USER_MODEL


class Slot(BaseModel):
    """A line to sign on, bound to one account with authority."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="slots")
    side = models.CharField(max_length=8, choices=Side)
    order = models.PositiveSmallIntegerField()
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="slots")
    authority = models.ForeignKey(AuthorityRecord, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "side", "order"], name="one_slot_per_side_and_place"),
        ]

    def __str__(self) -> str:
        return f"{self.side} {self.order} of {self.agreement}"


class Statement(BaseModel):
    """What one person is asked to sign: its SHA-256 is what they send back, its nonce serves once."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="statements")
    revision = models.ForeignKey(AgreementRevision, on_delete=models.PROTECT, related_name="+")
    body = models.JSONField()
    sha256 = models.CharField(max_length=64, unique=True)

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "revision"], name="one_statement_per_slot_and_revision"),
        ]

    def __str__(self) -> str:
        return self.sha256


class Signature(BaseModel):
    """One person's signature on one revision, with everything a third party needs to judge it."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="signatures")
    revision = models.ForeignKey(AgreementRevision, on_delete=models.PROTECT, related_name="signatures")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="signatures")
    signer = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="signatures")
    statement = models.JSONField()
    statement_sha256 = models.CharField(max_length=64)
    nonce = models.CharField(max_length=64, blank=True)
    proof = models.JSONField()  # {"kind": "totp", "at", "events": [...]}, never the code
    platform_signature = models.JSONField()  # {"keyid", "sig"} over statement and proof
    level = models.CharField(max_length=16, default="SES")
    legal_name = models.CharField(max_length=200)
    title = models.CharField(max_length=120)
    entity = models.CharField(max_length=200)
    authority = models.ForeignKey(AuthorityRecord, on_delete=models.PROTECT, related_name="+")
    authority_snapshot = models.JSONField()
    signed_at = models.DateTimeField()
    zone = models.CharField(max_length=64)
    trace = models.CharField(max_length=64, blank=True)

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "revision"], name="one_signature_per_slot_and_revision"),
            models.UniqueConstraint(fields=["nonce"], condition=~Q(nonce=""), name="one_signature_per_nonce"),
        ]

    def __str__(self) -> str:
        return f"{self.legal_name} on {self.revision}"
