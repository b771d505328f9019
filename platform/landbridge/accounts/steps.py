"""What the services of accounts share. Each works inside its caller's transaction."""

from collections.abc import Sequence
from datetime import datetime

from allauth.account.models import EmailAddress

from landbridge.accounts.errors import LastOwner, NameTaken, UnknownScope
from landbridge.accounts.models import (
    AuthorityRecord,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    User,
    UserKind,
)
from landbridge.accounts.tokens import SCOPES
from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.errors import Invalid, NotFound
from landbridge_registry.errors import BadName
from landbridge_registry.models import Namespace, NamespaceKind
from landbridge_registry.names import check_namespace

AGREEMENT_TYPES = (
    "NDA", "ACCESS", "EVAL", "MTA", "MTA-M", "MTA-L", "LIC-NX", "OPT", "LIC-EX", "LIC-SOLE", "SRA", "DUA",
)  # fmt: skip
ACTS = ("offer", "sign", "waive", "terminate")


@step
def claim_name(name: str, kind: NamespaceKind) -> Namespace:
    """The one namespace of ``name``, in any case. People and organizations share one set of names."""
    try:
        check_namespace(name)
    except BadName as error:
        fault = {"pointer": "/name", "code": error.code, "detail": str(error)}
        raise Invalid(str(error), code=error.code, errors=[fault]) from error
    namespace, created = Namespace.objects.get_or_create(name__iexact=name, defaults={"name": name, "kind": kind})
    if not created:
        raise NameTaken(f"The name {name} is taken. Choose another.")
    return namespace


@step
def open_user(user: User) -> User:
    """Save a new ``user`` together with its namespace."""
    claim_name(user.username, NamespaceKind.USER)
    if User.objects.filter(username__iexact=user.username).exists():
        raise NameTaken(f"The name {user.username} is taken. Choose another.")
    user.save()
    return user


@step
def open_service_user(username: str, kind: UserKind) -> User:
    """A program's account. Its name holds a colon, which no namespace can have, so it never stands in anybody's way."""
    user = User(username=username, kind=kind)
    user.set_unusable_password()
    user.save()
    return user


@step
def trust_email(user: User, email: str) -> None:
    """Record ``email`` as the user's own, verified: who runs the command line vouches for it."""
    if email and not EmailAddress.objects.filter(email__iexact=email).exists():
        EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)


@step
def open_organization(
    *, slug: str, name: str, kind: OrganizationKind, country: str = "", verified: bool = False
) -> Organization:
    return Organization.objects.create(
        slug=slug,
        name=name or slug,
        kind=kind,
        country=country,
        namespace=claim_name(slug, NamespaceKind.ORGANIZATION),
        verified_at=time.db_now() if verified else None,
    )


@step
def lock_organization(slug: str) -> Organization:
    """The organization, its row locked: first in the order of locks."""
    found = Organization.objects.select_for_update(of=("self",)).filter(slug__iexact=slug).first()
    if found is None:
        raise NotFound(f"There is no organization {slug}.")
    return found


@step
def set_role(*, user: User, organization: Organization, role: Role) -> Membership:
    """Give ``user`` the role ``role``; the last owner keeps theirs."""
    membership, created = Membership.objects.get_or_create(
        user=user, organization=organization, defaults={"role": role}
    )
    if not created and membership.role != role:
        keep_an_owner(membership)
        membership.role = role
        membership.save(update_fields=["role"])
    return membership


@step
def keep_an_owner(leaving: Membership) -> None:
    """Refuse if ``leaving`` is the only active person who owns the organization. Its row is locked by the caller."""
    if leaving.role != Role.OWNER:
        return
    others = Membership.objects.filter(
        organization=leaving.organization_id, role=Role.OWNER, user__is_active=True, user__kind=UserKind.PERSON
    ).exclude(pk=leaving.pk)
    if not others.exists():
        raise LastOwner(
            f"{leaving.user} is the last owner of {leaving.organization}. Make somebody else an owner first."
        )


@step
def write_authority(  # noqa: PLR0913 one keyword per column
    *,
    organization: Organization,
    person: User,
    title: str,
    granted_by: User,
    basis: str,
    confirmed_by: User | None = None,
    types: Sequence[str] = AGREEMENT_TYPES,
    acts: Sequence[str] = ACTS,
    value_limit: int | None = None,
    currency: str = "",
    ends_at: datetime | None = None,
) -> AuthorityRecord:
    return AuthorityRecord.objects.create(
        organization=organization,
        person=person,
        title=title,
        types=list(types),
        acts=list(acts),
        value_limit=value_limit,
        currency=currency,
        starts_at=time.db_now(),
        ends_at=ends_at,
        basis=basis,
        granted_by=granted_by,
        confirmed_by=confirmed_by,
    )


def check_scopes(scopes: Sequence[str]) -> list[str]:
    """The scopes in their own order, each once."""
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown:
        raise UnknownScope(
            f"Unknown scopes: {', '.join(unknown)}. Known: {', '.join(SCOPES)}.",
            errors=[{"pointer": "/scopes", "code": "unknown_scope", "detail": name} for name in unknown],
        )
    return [scope for scope in SCOPES if scope in scopes]
