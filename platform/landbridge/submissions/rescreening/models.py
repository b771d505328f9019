"""When each sealed version was last looked at, what was found then, and who is told."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from landbridge.core.models import BaseModel
from landbridge.submissions.rescreening.machine import LateState
from landbridge_registry.models import Revision

PERSON = settings.AUTH_USER_MODEL


class Rescreening(BaseModel):
    """Of one sealed version: the rules it was last screened by. ``held_until``: one process reads it at a time."""

    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, related_name="rescreening")
    rules = models.CharField(max_length=64)  # SHA-256 of the rules
    checked_at = models.DateTimeField()
    held_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["checked_at"], name="versions_to_look_at_again")]

    def __str__(self) -> str:
        return f"{self.revision} at {self.checked_at}"


class LateFinding(BaseModel):
    """What today's rules refuse in a version that was sealed. It suspends nothing by itself: a person decides."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="late_findings")
    code = models.CharField(max_length=60)
    message = models.TextField()
    rules = models.CharField(max_length=64)
    found_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=LateState, default=LateState.OPEN)
    state_since = models.DateTimeField()
    decided_by = models.ForeignKey(PERSON, on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=400, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "code"], name="one_late_finding_per_version_and_code"),
            models.CheckConstraint(
                condition=Q(state=LateState.OPEN, decided_by=None)
                | (~Q(state=LateState.OPEN) & Q(decided_by__isnull=False) & ~Q(reason="")),
                name="a_late_finding_is_decided_by_a_person_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} in {self.revision} {self.state}"


class Notice(BaseModel):
    """A mail that somebody is owed about a late finding. ``sent_at`` empty: the sweeper sends it."""

    finding = models.ForeignKey(LateFinding, on_delete=models.PROTECT, related_name="notices")
    user = models.ForeignKey(PERSON, on_delete=models.PROTECT, related_name="+")
    about = models.CharField(max_length=9, choices=LateState)
    holder = models.BooleanField(default=False)  # as a holder of a license; else as the lab's or the operator's person
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["finding", "user", "about"], name="one_notice_per_person_and_event"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} of {self.about}"
