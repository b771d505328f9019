"""Reads: which versions are to be looked at again, who sees what was found, and who is told."""

from collections.abc import Iterable

from django.conf import settings
from django.db.models import Q, QuerySet

from landbridge.accounts.models import Membership, Organization, OrganizationKind, Role, User
from landbridge.accounts.principals import Principal
from landbridge.agreements.models import Agreement, Seat, Slot
from landbridge.core import time
from landbridge.core.errors import NotFound
from landbridge.submissions.rescreening import examining
from landbridge.submissions.rescreening.machine import LateState
from landbridge.submissions.rescreening.models import LateFinding, Notice, Rescreening
from landbridge_registry.models import Repo, RepoType, Revision

NEW = 200  # versions taken note of in one round
OFFICES = (Role.OWNER, Role.MAINTAINER)


def unnoted() -> list[Revision]:
    """Sealed models that have no row yet: they were screened when they were sealed."""
    rows = Revision.objects.filter(repo__type=RepoType.MODEL, rescreening=None).exclude(tree_digest="")
    return list(rows.order_by("sealed_at")[:NEW])


def due(limit: int) -> list[str]:
    """Versions whose last look is older than the setting says, or was by other rules; the oldest first."""
    free = Q(held_until=None) | Q(held_until__lt=time.now())
    again = Q(checked_at__lt=time.now(-settings.LANDBRIDGE_RESCREEN)) | ~Q(rules=examining.rules())
    return list(Rescreening.objects.filter(free & again).order_by("checked_at").values_list("pk", flat=True)[:limit])


def findings() -> QuerySet[LateFinding]:
    return LateFinding.objects.select_related("revision__repo__namespace", "decided_by")


def visible(principal: Principal) -> QuerySet[LateFinding]:
    """All for the operator; a lab's own for its members."""
    if principal.is_operator:
        return findings()
    return findings().filter(revision__repo__namespace__in=list(principal.memberships))


def finding_of(pk: str) -> LateFinding:
    found = findings().filter(pk=pk).first()
    if found is None:
        raise NotFound("There is no such finding.")
    return found


def suspending(repo: Repo) -> LateFinding | None:
    """The finding that the model's listing is suspended for."""
    return findings().filter(revision__repo=repo, state=LateState.SUSPENDED).order_by("-state_since").first()


def inside(repo: Repo) -> set[User]:
    """Who answers for the model, and for the platform: owners and maintainers."""
    organizations = Organization.objects.filter(Q(namespace=repo.namespace_id) | Q(kind=OrganizationKind.OPERATOR))
    rows = Membership.objects.filter(organization__in=organizations, role__in=OFFICES, user__is_active=True)
    return {row.user for row in rows.select_related("user")}


def holders(repo: Repo) -> set[User]:
    """Who holds a license on the model that runs: by a seat, or by having signed it."""
    live = Agreement.objects.filter(
        repo=repo, executed_at__isnull=False, terminated_at=None, voided_at=None, superseded_at=None
    ).filter(ends_at__gt=time.now())
    seats = Seat.objects.filter(agreement__in=live, ended_at=None).select_related("user")
    slots = Slot.objects.filter(agreement__in=live, side="licensee").select_related("person")
    return {row.user for row in seats} | {row.person for row in slots}


def unsent() -> Iterable[str]:
    return Notice.objects.filter(sent_at=None).order_by("created_at").values_list("pk", flat=True)[:100]
