"""Standing offers: the licensor's signature, given in advance."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from landbridge.accounts.models import AuthorityRecord, Organization
from landbridge.agreements.models.words import AgreementType
from landbridge.core.models import BaseModel
from landbridge_registry.models import Repo

PERSON = settings.AUTH_USER_MODEL


class Offer(BaseModel):
    """A standing offer: the licensor's signature given in advance, inside caps, until it is revoked."""

    type = models.CharField(max_length=8, choices=AgreementType)
    licensor = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="offers")
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="offers")
    revisions = models.JSONField()  # pinned: [{"id", "commit", "tree_digest", "license"}]
    template = models.CharField(max_length=40)
    template_version = models.CharField(max_length=20)
    template_sha256 = models.CharField(max_length=64)
    terms = models.JSONField()
    texts = models.JSONField()  # {"en", "zh-hans"}: Markdown as it was signed, places of the licensee open
    verdict = models.JSONField(default=dict)  # what the license check said when it was published
    # caps and window
    cap = models.PositiveIntegerField()
    taken = models.PositiveIntegerField(default=0)
    countries = models.JSONField(default=list)  # ISO 3166-1; empty: every country
    licensee_kinds = models.JSONField(default=list)  # organization kinds; empty: every kind
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField(null=True, blank=True)
    # the licensor's signature
    statement = models.JSONField()
    statement_sha256 = models.CharField(max_length=64, unique=True)
    proof = models.JSONField()
    platform_signature = models.JSONField()
    signed_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    signed_at = models.DateTimeField()
    authority = models.ForeignKey(AuthorityRecord, on_delete=models.PROTECT, related_name="+")
    authority_snapshot = models.JSONField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    revoked_reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("cap")), name="an_offer_is_not_taken_beyond_its_cap"),
            models.CheckConstraint(
                condition=Q(closes_at=None) | Q(closes_at__gt=F("opens_at")), name="an_offer_closes_after_it_opens"
            ),
        ]
        indexes = [models.Index(fields=["repo", "revoked_at"], name="offers_by_repo")]

    def __str__(self) -> str:
        return f"{self.type} offer of {self.licensor} for {self.repo}"
