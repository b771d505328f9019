"""``/organizations``: labs and companies, their members and invitations."""

from typing import ClassVar

from allauth.account.models import EmailAddress
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts import invitations, services
from landbridge.accounts.api import serializers as shapes
from landbridge.accounts.models import (
    Invitation,
    Membership,
    Organization,
    OrganizationKind,
    Role,
    User,
)
from landbridge.accounts.principals import principal_of
from landbridge.accounts.queries import organization_of
from landbridge.core import query, time
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotAllowed, NotFound
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View

OWNER = Access(Right.OWNER, scope="org.admin")


def require(request: Request, slug: str, role: Role) -> tuple[User, Organization]:
    """The organization of the address, if the caller has ``role`` in it."""
    principal = principal_of(request)
    principal.require_user()
    organization = organization_of(slug)
    return principal.require_role(organization.namespace, role), organization


class Organizations(View):
    """Labs and companies. Everyone may see which there are."""

    access: ClassVar[Rules] = {
        "GET": Access(Right.PUBLIC),
        "POST": Access(Right.SIGNED_IN, scope="org.admin", person=True),
    }
    query: ClassVar[tuple[str, ...]] = ("kind", "mine")
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.OrganizationOut(many=True))
    def get(self, request: Request) -> Response:
        asked = query.parse(request, self.query, listed=True)
        roles = {row.organization_id: row.role for row in principal_of(request).memberships.values()}
        rows = Organization.objects.all()
        if asked.one("kind"):
            rows = rows.filter(kind=asked.choice("kind", OrganizationKind.values))
        if asked.flag("mine"):
            rows = rows.filter(pk__in=roles)
        return page(request, rows, ("slug",), serialize=lambda row: shapes.organization(row, roles.get(row.pk)))

    @extend_schema(request=shapes.OrganizationWish, responses={201: shapes.OrganizationOut})
    def post(self, request: Request) -> Response:
        wish = valid(shapes.OrganizationWish, request)
        wish["kind"] = OrganizationKind(wish["kind"])
        made = services.create_organization(actor=principal_of(request).require_user(), **wish)
        body = shapes.organization(made, Role.OWNER)
        return Response(body, status=201, headers={"Location": f"/api/v1/organizations/{made.slug}"})


class OrganizationView(View):
    access: ClassVar[Rules] = {"GET": Access(Right.PUBLIC), "PATCH": OWNER}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.OrganizationOut)
    def get(self, request: Request, slug: str) -> Response:
        found = organization_of(slug)
        return Response(shapes.organization(found, principal_of(request).role_in(found.namespace_id)))

    @extend_schema(request=shapes.OrganizationChange, responses=shapes.OrganizationOut)
    def patch(self, request: Request, slug: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        changes = valid(shapes.OrganizationChange, request)
        changed = services.update_organization(actor=user, slug=found.slug, **changes)
        return Response(shapes.organization(changed, Role.OWNER))


class Verification(View):
    """The operator has checked who they are; needed to offer licenses, not to submit."""

    access: ClassVar[Rules] = {"POST": Access(Right.OPERATOR, scope="org.admin")}

    @extend_schema(request=None, responses=shapes.OrganizationOut)
    def post(self, request: Request, slug: str) -> Response:
        user = principal_of(request).require_user()
        return Response(shapes.organization(services.verify_organization(actor=user, slug=slug)))


class Members(View):
    access: ClassVar[Rules] = {"GET": Access(Right.MEMBER, scope="read")}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.Member(many=True))
    def get(self, request: Request, slug: str) -> Response:
        _, found = require(request, slug, Role.MEMBER)
        rows = Membership.objects.filter(organization=found).select_related("user")
        return page(request, rows, ("created_at", "id"), serialize=shapes.member)


class MemberView(View):
    """An owner gives another role or ends a membership; anybody may end their own."""

    access: ClassVar[Rules] = {
        "PATCH": OWNER,
        "DELETE": Access(Right.OWNER, scope="org.admin", why="Members may remove themselves."),
    }

    @extend_schema(request=shapes.RoleChange, responses=shapes.Member)
    def patch(self, request: Request, slug: str, username: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        role = Role(valid(shapes.RoleChange, request)["role"])
        changed = services.change_role(actor=user, slug=found.slug, username=username, role=role)
        return Response(shapes.member(changed))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, username: str) -> Response:
        principal = principal_of(request)
        user = principal.require_user()
        leaving = user.username.lower() == username.lower()
        if not leaving:
            require(request, slug, Role.OWNER)
        services.remove_member(actor=user, slug=organization_of(slug).slug, username=username)
        return Response(status=204)


class Invitations(View):
    access: ClassVar[Rules] = {"GET": OWNER, "POST": OWNER}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.InvitationOut(many=True))
    def get(self, request: Request, slug: str) -> Response:
        _, found = require(request, slug, Role.OWNER)
        rows = Invitation.objects.filter(organization=found, accepted_by=None, revoked_at=None)
        return page(request, rows.select_related("invited_by"), serialize=shapes.invitation)

    @extend_schema(request=shapes.InvitationWish, responses={201: shapes.InvitationOut})
    def post(self, request: Request, slug: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        wish = valid(shapes.InvitationWish, request)
        made = services.invite(actor=user, slug=found.slug, email=wish["email"], role=Role(wish["role"]))
        return Response(shapes.invitation(made), status=201)


class InvitationView(View):
    access: ClassVar[Rules] = {"DELETE": OWNER}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        services.withdraw_invitation(actor=user, slug=found.slug, invitation_id=invitation_id)
        return Response(status=204)


class AcceptInvitation(View):
    """Who was invited takes the place: by the secret of the mail's link, or with the same address, verified."""

    access: ClassVar[Rules] = {"POST": Access(Right.SIGNED_IN, scope="org.admin", person=True)}

    @extend_schema(request=shapes.Acceptance, responses=shapes.Member)
    def post(self, request: Request, invitation_id: str) -> Response:
        user = principal_of(request).require_user()
        secret = valid(shapes.Acceptance, request).get("secret", "")
        row = Invitation.objects.filter(pk=invitation_id, expires_at__gt=time.now()).first()
        if row is None:
            raise NotFound("There is no invitation of this id.")
        verified = EmailAddress.objects.filter(user=user, email__iexact=row.email, verified=True).exists()
        if not verified and not invitations.is_secret_of(row, secret):
            raise NotAllowed("Open the link of the mail, or verify the address that was invited.", code="not_invited")
        return Response(shapes.member(services.accept_invitation(actor=user, invitation_id=row.pk)))
