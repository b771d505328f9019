"""Organizations and who belongs to them."""

from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from landbridge.accounts import steps
from landbridge.accounts.errors import PersonRequired
from landbridge.accounts.models import (
    AuthorityRecord,
    Invitation,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    Token,
    User,
    UserKind,
)
from landbridge.core import ledger, outbox, time
from landbridge.core.errors import Conflict, Gone, NotAllowed, NotFound

INVITATION: Final = timedelta(days=14)


@transaction.atomic(durable=True)
def create_organization(
    *, actor: User, slug: str, kind: OrganizationKind, name: str = "", country: str = ""
) -> Organization:
    """A new organization with ``actor`` as its owner. Raises ``NameTaken``."""
    if kind == OrganizationKind.OPERATOR:
        raise NotAllowed("The operator's organization is made with `manage.py create_account`.", code="kind_reserved")
    if actor.kind != UserKind.PERSON:
        raise PersonRequired("A person makes an organization; a robot works in one.")
    made = steps.open_organization(slug=slug, name=name, kind=kind, country=country)
    steps.set_role(user=actor, organization=made, role=Role.OWNER)
    ledger.record("organization.created", subject=made, actor=actor, slug=made.slug, kind=made.kind)
    return made


@transaction.atomic(durable=True)
def update_organization(*, actor: User, slug: str, **changes: str) -> Organization:
    """Change ``name`` or ``country``. The slug is a namespace and stays."""
    found = steps.lock_organization(slug)
    for field in changes.keys() & {"name", "country"}:
        setattr(found, field, changes[field])
    found.save(update_fields=["name", "country"])
    ledger.record("organization.updated", subject=found, actor=actor, slug=found.slug, fields=sorted(changes))
    return found


@transaction.atomic(durable=True)
def verify_organization(*, actor: User, slug: str) -> Organization:
    """The operator has checked who they are. Again changes nothing."""
    found = steps.lock_organization(slug)
    if found.verified_at is None:
        found.verified_at = time.db_now()
        found.save(update_fields=["verified_at"])
        ledger.record("organization.verified", subject=found, actor=actor, slug=found.slug)
    return found


@transaction.atomic(durable=True)
def change_role(*, actor: User, slug: str, username: str, role: Role) -> Membership:
    """Raises ``LastOwner`` where nobody else would own the organization."""
    found = steps.lock_organization(slug)
    membership = _member(found, username)
    steps.set_role(user=membership.user, organization=found, role=role)
    ledger.record("member.changed", subject=found, actor=actor, member=membership.user.username, role=role.value)
    return _member(found, username)


@transaction.atomic(durable=True)
def remove_member(*, actor: User, slug: str, username: str) -> None:
    """End a membership, the authority that came with it, and the organization's tokens they have or made.

    The last owner stays.
    """
    found = steps.lock_organization(slug)
    membership = _member(found, username)
    steps.keep_an_owner(membership)
    user = membership.user
    membership.delete()
    AuthorityRecord.objects.filter(organization=found, person=user, revoked_at=None).update(revoked_at=time.now())
    theirs = Token.objects.filter(Q(user=user) | Q(made_by=user), organization=found, revoked_at=None)
    theirs.update(revoked_at=time.now())
    ledger.record("member.removed", subject=found, actor=actor, member=user.username)


@transaction.atomic(durable=True)
def invite(*, actor: User, slug: str, email: str, role: Role) -> Invitation:
    """Offer a place. The mail goes after commit; asking again for the same address gives the same invitation."""
    found = steps.lock_organization(slug)
    if Membership.objects.filter(organization=found, user__email__iexact=email).exists():
        raise Conflict(f"{email} belongs to {found.slug} already.", code="already_member")
    made, created = Invitation.objects.get_or_create(
        organization=found,
        email__iexact=email,
        accepted_by=None,
        revoked_at=None,
        defaults={
            "email": email,
            "role": role,
            "invited_by": actor,
            "expires_at": time.db_now() + INVITATION,
        },
    )
    if not created:
        made.role, made.expires_at, made.sent_at = role, time.db_now() + INVITATION, None
        made.save(update_fields=["role", "expires_at", "sent_at"])
    outbox.publish("invitation.made", made.pk)
    ledger.record("member.invited", subject=found, actor=actor, invitation=made.pk, role=role.value)
    return made


@transaction.atomic(durable=True)
def withdraw_invitation(*, actor: User, slug: str, invitation_id: str) -> None:
    found = steps.lock_organization(slug)
    rows = Invitation.objects.filter(pk=invitation_id, organization=found, accepted_by=None, revoked_at=None)
    if rows.update(revoked_at=time.now()) == 0:
        raise NotFound("There is no open invitation of this id.")
    ledger.record("invitation.withdrawn", subject=found, actor=actor, invitation=invitation_id)


@transaction.atomic(durable=True)
def accept_invitation(*, actor: User, invitation_id: str) -> Membership:
    """Take the place. The view has made sure that ``actor`` is who was invited."""
    slug = Invitation.objects.values_list("organization__slug", flat=True).filter(pk=invitation_id).first()
    if slug is None:
        raise NotFound("There is no invitation of this id.")
    found = steps.lock_organization(slug)
    if actor.kind != UserKind.PERSON:
        raise PersonRequired("An invitation is for a person.")
    open_ = Invitation.objects.filter(pk=invitation_id, accepted_by=None, revoked_at=None, expires_at__gt=time.now())
    role = open_.values_list("role", flat=True).first()
    if role is None or open_.update(accepted_by=actor) == 0:
        raise Gone("This invitation was used, withdrawn or has expired. Ask an owner for a new one.")
    if Membership.objects.filter(organization=found, user=actor).exists():
        raise Conflict(f"You belong to {found.slug} already.", code="already_member")
    membership = steps.set_role(user=actor, organization=found, role=Role(role))
    ledger.record("member.joined", subject=found, actor=actor, member=actor.username, role=role)
    return membership


def _member(organization: Organization, username: str) -> Membership:
    found = Membership.objects.filter(organization=organization, user__username__iexact=username)
    membership = found.select_related("user", "organization").first()
    if membership is None:
        raise NotFound(f"{username} does not belong to {organization.slug}.")
    return membership
