"""What others ask about people and organizations."""

from datetime import datetime
from typing import Any

from django.db.models import F, Q, QuerySet

from landbridge.accounts.models import (
    AuthorityRecord,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    User,
)
from landbridge.core import time
from landbridge.core.errors import NotFound

STAFF = (Role.OWNER, Role.MAINTAINER)


def organization_of(slug: str) -> Organization:
    """By slug, in any case. Raises ``NotFound``."""
    found = Organization.objects.select_related("namespace").filter(slug__iexact=slug).first()
    if found is None:
        raise NotFound(f"There is no organization {slug}.")
    return found


def owns(user: User, organization: Organization) -> bool:
    return Membership.objects.filter(user=user, organization=organization, role=Role.OWNER).exists()


def is_operator(user: User) -> bool:
    return Membership.objects.filter(user=user, organization__kind=OrganizationKind.OPERATOR, role__in=STAFF).exists()


def live_authority(
    *, organization: Organization, person: User | None = None, at: datetime | None = None
) -> QuerySet[AuthorityRecord, Any]:
    """Records that hold at ``at`` (now, by the database's clock).

    Confirmed, begun, not ended, not revoked, and of somebody who still belongs to the organization.
    """
    moment = time.now() if at is None else at
    holds = Q(confirmed_by__isnull=False, revoked_at=None, starts_at__lte=moment)
    holds &= Q(ends_at=None) | Q(ends_at__gt=moment)
    holds &= Q(person__is_active=True, person__memberships__organization=F("organization"))
    rows = AuthorityRecord.objects.filter(holds, organization=organization)
    return rows if person is None else rows.filter(person=person)
