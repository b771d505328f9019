"""The statement behind the access predicate: a person's grants on a repository, each judged by the database itself."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable

from landbridge.accounts.models import Membership
from landbridge.agreements import sentences as say
from landbridge.agreements.models import Agreement, Grant, GrantedRevision, Seat
from landbridge.core import time

OPEN: Final = "open"
MOST: Final = 50  # grants of one person on one repository that are looked at, the longest lasting first
COLUMNS = (
    "id",
    "stands",
    "seated",
    "covered",
    "quota",
    "used",
    "scope",
    "ends_at",
    "revision_id",
    "organization_id",
    "organization__country",
    "agreement__number",
    "agreement__ends_at",
)


def grants(
    *, repo_id: UUID, capability: str, user_id: int, organization_id: str | None, commit: str | None
) -> Sequence[dict[str, Any]]:
    """Grants of the person's organizations, each judged in the statement by the database's time and rows.

    ``stands`` is ``open`` or why the agreement is not in force; ``seated`` and ``covered`` say the rest.
    """
    mine = Membership.objects.filter(user=user_id, user__is_active=True).values("organization")
    seats = Seat.objects.filter(agreement=OuterRef("agreement"), user=user_id, ended_at=None)
    commits = GrantedRevision.objects.filter(grant=OuterRef("pk"))
    rows = Grant.objects.filter(organization__in=mine, repo=repo_id, capability=capability)
    if organization_id is not None:
        rows = rows.filter(organization=organization_id)
    judged = rows.annotate(
        stands=_stands(time.now()),
        seated=Exists(seats),
        covered=Exists(commits.filter(commit=commit) if commit is not None else commits),
    )
    return list(judged.order_by("-ends_at", "-pk").values(*COLUMNS)[:MOST])


def verdict_of(row: Mapping[str, Any]) -> str:
    """``open``, or the code of the first thing that is missing."""
    if row["stands"] != OPEN:
        return str(row["stands"])
    if not row["seated"]:
        return say.SEAT_REVOKED
    if not row["covered"]:
        return say.OUT_OF_SCOPE_REVISION
    return OPEN if row["quota"] is None or row["used"] < row["quota"] else say.OUT_OF_QUOTA


def _stands(now: Combinable) -> Case:
    """In force, or why not: the final reasons first. What is not known to hold does not open."""
    over = Q(agreement__voided_at__isnull=False) | Q(agreement__terminated_at__lte=now)
    ended = Q(agreement__ends_at__lte=now) | Q(ends_at__lte=now) | Q(agreement__superseded_at__lte=now)
    unmet = Q(agreement__executed_at__isnull=False, agreement__precedents_met_at=None)
    return Case(
        When(in_force(now, "agreement__") & Q(starts_at__lte=now, ends_at__gt=now), then=Value(OPEN)),
        When(over, then=Value(say.TERMINATED)),
        When(ended, then=Value(say.EXPIRED)),
        When(agreement__suspended_at__isnull=False, then=Value(say.SUSPENDED)),
        When(unmet, then=Value(say.PRECEDENT_UNMET)),
        default=Value(say.NOT_EFFECTIVE),
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


def left_over(*, repo_id: UUID, user_id: int, organization_id: str | None) -> tuple[str, str] | None:
    """(number, code) of what a person without any grant still has: an unsigned agreement, or a seat of before."""
    unsigned = Q(executed_at=None, declined_at=None, withdrawn_at=None, voided_at=None, offer_until__gt=time.now())
    mine = Membership.objects.filter(user=user_id, user__is_active=True).values("organization")
    seats = Seat.objects.filter(user=user_id).values("agreement")
    code = Case(When(executed_at=None, then=Value(say.NOT_EFFECTIVE)), default=Value(say.SEAT_REVOKED))
    rows = Agreement.objects.filter(Q(unsigned, licensee__in=mine) | Q(pk__in=seats), repo=repo_id)
    if organization_id is not None:
        rows = rows.filter(licensee=organization_id)
    return rows.annotate(code=code).order_by("-pk").values_list("number", "code").first()
