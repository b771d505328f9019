"""The statement behind the access predicate: a person's grants on a repository, each judged by the database itself."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable

from landbridge.accounts.models import Membership
from landbridge.agreements import sentences as say
from landbridge.agreements.models import Agreement, Grant, GrantedRevision, Seat
from landbridge.core import time

OPEN: Final = "open"
MOST: Final = 50  # grants of one person on one repository that are looked at, the open ones first
COLUMNS = (
    "id", "stands", "scope", "ends_at", "revision_id", "organization_id", "organization__country",
    "agreement__number", "agreement__ends_at",
)  # fmt: skip


def grants(
    *, repo_id: UUID, capability: str, user_id: int, organization_id: str | None, commit: str | None
) -> Sequence[dict[str, Any]]:
    """Grants the person's organizations have or had, with ``stands``: ``open``, or the code of what is missing."""
    mine = Membership.objects.filter(organization=OuterRef("organization"), user=user_id, user__is_active=True)
    seats = Seat.objects.filter(agreement=OuterRef("agreement"), user=user_id)
    commits = GrantedRevision.objects.filter(grant=OuterRef("pk"))
    rows = Grant.objects.filter(Exists(mine) | Exists(seats), repo=repo_id, capability=capability)
    if organization_id is not None:
        rows = rows.filter(organization=organization_id)
    seated = Q(Exists(seats.filter(ended_at=None)), Exists(mine))
    covered = Q(Exists(commits.filter(commit=commit) if commit is not None else commits))
    judged = rows.annotate(stands=_stands(seated, covered))
    opened = Case(When(stands=OPEN, then=0), default=1)
    return list(judged.order_by(opened, "-pk").values(*COLUMNS)[:MOST])


def _stands(seated: Q, covered: Q) -> Case:
    """The predicate of licensing section 9 by the database's time; what is not known to hold does not open."""
    now = time.now()
    running = in_force(now, "agreement__") & Q(starts_at__lte=now, ends_at__gt=now)
    left = Q(quota=None) | Q(used__lt=F("quota"))
    return Case(
        When(running & seated & covered & left, then=Value(OPEN)),
        When(running & seated & covered, then=Value(say.OUT_OF_QUOTA)),
        When(running & seated, then=Value(say.OUT_OF_SCOPE_REVISION)),
        When(running, then=Value(say.SEAT_REVOKED)),
        default=_why(now),
        output_field=CharField(),
    )


def in_force(now: Combinable | datetime, prefix: str = "") -> Q:
    """Executed, sealed, precedents met, effective, not ended, suspended, terminated, superseded or voided."""

    def at(name: str, value: object) -> Q:
        return Q(**{f"{prefix}{name}": value})

    begun = at("executed_at__lte", now) & at("sealed_at__lte", now) & at("precedents_met_at__lte", now)
    within = at("effective_at__lte", now) & at("ends_at__gt", now)
    free = at("suspended_at", None) & at("voided_at", None)
    ended = at("terminated_at", None) | at("terminated_at__gt", now)
    replaced = at("superseded_at", None) | at("superseded_at__gt", now)
    return begun & within & free & ended & replaced


def _why(now: Combinable) -> Case:
    """Which of several reasons to tell: the final ones first."""
    over = Q(agreement__voided_at__isnull=False) | Q(agreement__terminated_at__lte=now)
    ended = Q(agreement__ends_at__lte=now) | Q(ends_at__lte=now) | Q(agreement__superseded_at__lte=now)
    unmet = Q(agreement__executed_at__isnull=False, agreement__precedents_met_at=None)
    return Case(
        When(over, then=Value(say.TERMINATED)),
        When(ended, then=Value(say.EXPIRED)),
        When(agreement__suspended_at__isnull=False, then=Value(say.SUSPENDED)),
        When(unmet, then=Value(say.PRECEDENT_UNMET)),
        default=Value(say.NOT_EFFECTIVE),
        output_field=CharField(),
    )


def waiting(*, repo_id: UUID, user_id: int) -> str | None:
    """The number of an agreement of the person's organizations that only lacks signatures."""
    unsigned = Q(executed_at=None, declined_at=None, withdrawn_at=None, voided_at=None, offer_until__gt=time.now())
    mine = Membership.objects.filter(organization=OuterRef("licensee"), user=user_id, user__is_active=True)
    rows = Agreement.objects.filter(unsigned, Exists(mine), repo=repo_id)
    return rows.order_by("-pk").values_list("number", flat=True).first()
