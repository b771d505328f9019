"""Who is asking: the signed-in person or the token, with their roles. One object for pages, API and Hub routes."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from django.http import HttpRequest
from rest_framework.request import Request

from landbridge.accounts import tokens
from landbridge.accounts.models import Membership, OrganizationKind, Role, Token, User
from landbridge.core.errors import NotAllowed, Unauthenticated
from landbridge_registry.models import Namespace

INCLUDES: dict[str, frozenset[str]] = {
    Role.OWNER: frozenset({Role.OWNER, Role.MAINTAINER, Role.MEMBER}),
    Role.MAINTAINER: frozenset({Role.MAINTAINER, Role.MEMBER}),
    Role.SIGNATORY: frozenset({Role.SIGNATORY, Role.MEMBER}),
    Role.MEMBER: frozenset({Role.MEMBER}),
}


@dataclass(frozen=True)
class Principal:
    """A caller. ``token`` is set when they came with one; a session has every scope."""

    user: User | None = None
    token: Token | None = None
    extra: dict[str, object] = field(default_factory=dict)

    @cached_property
    def memberships(self) -> dict[int, Membership]:
        """The caller's memberships by the organization's namespace id; a robot's are those of its organization."""
        if self.user is None:
            return {}
        rows: Iterable[Membership]
        rows = memberships = Membership.objects.filter(user=self.user).select_related("organization")
        if self.token is not None and self.token.organization_id is not None:
            rows = _capped(memberships.filter(organization=self.token.organization_id), self.token)
        return {row.organization.namespace_id: row for row in rows}

    @property
    def is_operator(self) -> bool:
        return any(
            row.organization.kind == OrganizationKind.OPERATOR and row.role in {Role.OWNER, Role.MAINTAINER}
            for row in self.memberships.values()
        )

    def organizations(self, *roles: str) -> list[str]:
        """The ids of the organizations where the caller holds one of ``roles``, or belongs at all if none is named."""
        rows = self.memberships.values()
        return [row.organization_id for row in rows if not roles or row.role in roles]

    def role_in(self, namespace_id: int) -> str | None:
        row = self.memberships.get(namespace_id)
        return row.role if row else None

    def has_role(self, namespace: Namespace, role: str) -> bool:
        """True for the owner of a personal namespace, or a membership that includes ``role``."""
        if self.user is not None and self.owns(namespace):
            return True
        held = self.role_in(namespace.pk)
        return held is not None and role in INCLUDES[held]

    def owns(self, namespace: Namespace) -> bool:
        personal = namespace.kind == "user" and self.user is not None
        return personal and self.user is not None and namespace.name.lower() == self.user.username.lower()

    def has_scope(self, scope: str | None) -> bool:
        return scope is None or self.token is None or scope in self.token.scopes

    def require_user(self) -> User:
        if self.user is None:
            raise Unauthenticated("Sign in, or send `Authorization: Bearer lb_...`.")
        return self.user

    def require_role(self, namespace: Namespace, role: str) -> User:
        user = self.require_user()
        if not self.has_role(namespace, role):
            raise NotAllowed(
                f"This needs the role {role} in {namespace.name}. An owner of {namespace.name} can give it to you.",
                code="role_missing",
            )
        return user

    def require_scope(self, scope: str) -> None:
        if not self.has_scope(scope):
            raise NotAllowed(f"This token lacks the scope {scope}. Make one that has it.", code="scope_missing")


def renewed(principal: Principal) -> Principal:
    """The same caller by what the rows say now: for answers that last, as a principal keeps what it has read.

    Raises ``Unauthenticated`` where the account is closed, or the token over.
    """
    user, token = principal.user, principal.token
    if token is not None:
        token = tokens.live().filter(pk=token.pk).first()
        user = token.user if token is not None else None
    elif user is not None:
        user = User.objects.filter(pk=user.pk, is_active=True).first()
    if user is None and principal.user is not None:
        raise Unauthenticated("This account or token is not valid any more.")
    return Principal(user, token)


def _capped(rows: Iterable[Membership], token: Token) -> Iterator[Membership]:
    """A robot's memberships, never above the present rights of who made its token."""
    if token.made_by_id is None:
        yield from rows
        return
    maker = Membership.objects.filter(user=token.made_by_id, user__is_active=True, organization=token.organization_id)
    held = maker.values_list("role", flat=True).first()
    for row in rows:
        if held is not None:
            row.role = row.role if row.role in INCLUDES[held] else Role.MEMBER
            yield row


def principal_of(request: HttpRequest | Request) -> Principal:
    """The caller of ``request``. On DRF requests the authentication has run; on Django's the middleware has."""
    django = request._request if isinstance(request, Request) else request  # noqa: SLF001 DRF hides it so
    if isinstance(request, Request):
        user, token = request.user, request.auth
    else:
        user, token = request.user, getattr(request, "token", None)
    found: Principal | None = getattr(django, "principal", None)
    if found is None or found.user != (user if isinstance(user, User) else None) or found.token != token:
        found = Principal(user if isinstance(user, User) else None, token if isinstance(token, Token) else None)
        django.principal = found  # type: ignore[attr-defined]
    return found
