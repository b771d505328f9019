"""The power to bind an organization: written by one side, confirmed by the other, held by neither alone."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from landbridge.accounts import steps
from landbridge.accounts.errors import PersonRequired, SelfGrant
from landbridge.accounts.models import AuthorityRecord, Membership, Organization, User, UserKind
from landbridge.accounts.queries import is_operator, owns
from landbridge.core import ledger, time
from landbridge.core.errors import NotAllowed, NotFound


@transaction.atomic(durable=True)
def grant_authority(  # noqa: PLR0913 one keyword per column
    *,
    actor: User,
    slug: str,
    username: str,
    title: str,
    basis: str,
    types: Sequence[str] = steps.AGREEMENT_TYPES,
    acts: Sequence[str] = steps.ACTS,
    value_limit: int | None = None,
    currency: str = "",
    ends_at: datetime | None = None,
) -> AuthorityRecord:
    """First of two: an owner or the operator writes it down. It holds once the other of the two has confirmed it."""
    found = steps.lock_organization(slug)
    _side(actor, found)
    membership = Membership.objects.filter(organization=found, user__username__iexact=username)
    row = membership.select_related("user").first()
    if row is None:
        raise NotFound(f"{username} does not belong to {found.slug}.")
    if row.user.kind != UserKind.PERSON:
        raise PersonRequired("Only a person can bind an organization.")
    if row.user == actor:
        raise SelfGrant("Nobody grants authority to themselves. Ask another owner or the operator.")
    record = steps.write_authority(
        organization=found,
        person=row.user,
        title=title,
        granted_by=actor,
        basis=basis,
        types=types,
        acts=acts,
        value_limit=value_limit,
        currency=currency,
        ends_at=ends_at,
    )
    ledger.record("authority.granted", subject=record, actor=actor, person=row.user.username, organization=found.slug)
    return record


@transaction.atomic(durable=True)
def confirm_authority(*, actor: User, slug: str, record_id: str) -> AuthorityRecord:
    """Second of two, by the side that did not write it. Again by the same person changes nothing."""
    found = steps.lock_organization(slug)
    record = _record(found, record_id)
    if record.confirmed_by_id == actor.pk:
        return record
    if record.person_id == actor.pk:
        raise SelfGrant("Nobody confirms authority of their own.")
    _other_side(actor, record, found)
    if record.confirmed_by_id is None:
        record.confirmed_by = actor
        record.save(update_fields=["confirmed_by"])
        ledger.record("authority.confirmed", subject=record, actor=actor, organization=found.slug)
    return record


@transaction.atomic(durable=True)
def revoke_authority(*, actor: User, slug: str, record_id: str) -> None:
    """An owner or the operator ends it, at once. Again changes nothing."""
    found = steps.lock_organization(slug)
    _side(actor, found)
    record = _record(found, record_id)
    if AuthorityRecord.objects.filter(pk=record.pk, revoked_at=None).update(revoked_at=time.now()):
        ledger.record("authority.revoked", subject=record, actor=actor, organization=found.slug)


def _record(organization: Organization, record_id: str) -> AuthorityRecord:
    record = AuthorityRecord.objects.filter(organization=organization, pk=record_id).first()
    if record is None:
        raise NotFound(f"{organization.slug} has no authority record of this id.")
    return record


def _side(actor: User, organization: Organization) -> None:
    if not owns(actor, organization) and not is_operator(actor):
        raise NotAllowed(f"An owner of {organization.slug} or the operator does this.", code="role_missing")


def _other_side(actor: User, record: AuthorityRecord, organization: Organization) -> None:
    """The operator's grant needs an owner, any other the operator; the same person is never both.

    Sides are judged as they stand now: an owner who lost the role is no operator, so no owner can stand in for one.
    """
    by_operator = is_operator(record.granted_by) and not owns(record.granted_by, organization)
    may = owns(actor, organization) if by_operator else is_operator(actor)
    if record.granted_by_id == actor.pk or not may:
        who = f"An owner of {organization.slug}" if by_operator else "The operator"
        raise NotAllowed(f"{who} confirms this record.", code="role_missing")
