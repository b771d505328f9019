"""Agreements and their immutable revisions."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from landbridge.accounts.models import Organization
from landbridge.agreements.models.offers import Offer
from landbridge.agreements.models.words import AgreementState, AgreementType, Side
from landbridge.core.models import BaseModel
from landbridge_registry.models import HEX64, Repo

PERSON = settings.AUTH_USER_MODEL


class Agreement(BaseModel):
    number = models.CharField(max_length=160, unique=True)  # LB-{ORG}-{TYPE}-{YYYY}-{NNNNN}-{c}
    type = models.CharField(max_length=8, choices=AgreementType)
    licensor = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="licensed_out")
    licensee = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="licensed_in")
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="agreements")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="agreements")
    requested_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    attestations = models.JSONField(default=dict)  # {"purpose", "domicile"}: what the licensee declared
    state = models.CharField(max_length=12, choices=AgreementState, default=AgreementState.SIGNING)
    # facts (section 5): state_at derives the state from them and the database's time
    offer_until = models.DateTimeField()
    executed_at = models.DateTimeField(null=True, blank=True)
    sealed_at = models.DateTimeField(null=True, blank=True)
    precedents_met_at = models.DateTimeField(null=True, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    ends_at = models.DateTimeField(null=True, blank=True)  # exclusive
    suspended_at = models.DateTimeField(null=True, blank=True)
    terminated_at = models.DateTimeField(null=True, blank=True)
    superseded_at = models.DateTimeField(null=True, blank=True)
    voided_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    declined_at = models.DateTimeField(null=True, blank=True)
    lapsed_at = models.DateTimeField(null=True, blank=True)  # when the sweeper gave the offer's place back
    reason = models.CharField(max_length=400, blank=True)  # of the last suspension, termination, withdrawal or refusal
    # the term as people read it, and how it became an instant (section 10)
    zone = models.CharField(max_length=64)
    ends_on = models.DateField(null=True, blank=True)  # the last local day
    tzdata = models.CharField(max_length=20, blank=True)
    # the sealed document
    document_sha256 = models.CharField(max_length=64, blank=True)
    seal = models.JSONField(default=dict)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(executed_at=None, effective_at=None, ends_at=None)
                | Q(executed_at__isnull=False, effective_at__isnull=False, ends_at__gt=F("effective_at")),
                name="an_executed_agreement_has_a_term",
            ),
            models.CheckConstraint(
                condition=~Q(licensor=F("licensee")), name="nobody_makes_an_agreement_with_themselves"
            ),
        ]
        indexes = [
            models.Index(fields=["licensee", "repo"], name="agreements_by_licensee_repo"),
            models.Index(fields=["licensor"], name="agreements_by_licensor"),
        ]

    def __str__(self) -> str:
        return self.number


class AgreementRevision(BaseModel):
    """A version of the terms and its text. Immutable; what is signed is one of these."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    base = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    terms = models.JSONField()
    template = models.CharField(max_length=40)
    template_version = models.CharField(max_length=20)
    clause_versions = models.JSONField(default=dict)
    texts = models.JSONField()  # {"en", "zh-hans"}: Markdown
    terms_sha256 = models.CharField(max_length=64)  # of terms and texts together
    revision_sha256 = models.CharField(max_length=64)  # of everything above
    author = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    side = models.CharField(max_length=8, choices=Side)
    comment = models.TextField(blank=True)

    append_only: ClassVar[bool] = True

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["agreement", "number"], name="one_revision_per_agreement_and_number"),
            models.CheckConstraint(condition=Q(terms_sha256__regex=HEX64), name="a_revision_has_a_terms_digest"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} r{self.number}"


class NumberCounter(models.Model):
    """The last agreement number of a licensor and year: gapless, taken under this row's lock."""

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "year"], name="one_counter_per_licensor_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.organization_id} {self.year}: {self.last}"
