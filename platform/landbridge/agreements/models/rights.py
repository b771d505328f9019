"""What an executed agreement opens, and for whom."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from landbridge.accounts.models import Organization
from landbridge.agreements.models.papers import Agreement, AgreementRevision
from landbridge.core.models import BaseModel
from landbridge_registry.models import HEX40, Repo

PERSON = settings.AUTH_USER_MODEL


class Grant(BaseModel):
    """One capability for one organization. Written by ``steps.execute`` and by nothing else."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="grants")
    revision = models.ForeignKey(AgreementRevision, on_delete=models.PROTECT, related_name="grants")
    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="grants")
    capability = models.CharField(max_length=40)
    repo = models.ForeignKey(Repo, on_delete=models.PROTECT, related_name="grants")
    scope = models.JSONField(default=dict)  # {"files": [patterns], "purposes", "territory", "seats"}; empty: no limit
    quota = models.PositiveIntegerField(null=True, blank=True)
    used = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()  # exclusive

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "organization", "capability", "repo"], name="one_grant_per_revision_and_capability"
            ),
            models.CheckConstraint(
                condition=Q(quota=None) | Q(used__lte=F("quota")), name="a_grant_is_not_used_beyond_its_quota"
            ),
        ]
        indexes = [models.Index(fields=["repo", "capability", "organization"], name="grants_by_repo_and_capability")]

    def __str__(self) -> str:
        return f"{self.capability} on {self.repo_id} for {self.organization_id}"


class GrantedRevision(models.Model):
    """One commit that a grant covers, as a row: the access predicate joins it."""

    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="commits")
    commit = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant", "commit"], name="one_row_per_grant_and_commit"),
            models.CheckConstraint(condition=Q(commit__regex=HEX40), name="a_granted_revision_is_a_commit"),
        ]

    def __str__(self) -> str:
        return f"{self.grant_id} covers {self.commit[:8]}"


class Seat(BaseModel):
    """A member of the licensee who may use the agreement. Ended seats stay, so that logs explain themselves."""

    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, related_name="seats")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="seats")
    given_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["agreement", "user"], condition=Q(ended_at=None), name="one_live_seat_per_agreement_and_user"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.agreement}"
