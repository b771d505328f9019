"""``/organizations/{slug}/tokens`` and ``/authority``: keys of robots, and the power to bind."""

from datetime import timedelta
from typing import ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts import services
from landbridge.accounts.api import serializers as shapes
from landbridge.accounts.api.me import never_above
from landbridge.accounts.api.organizations import OWNER, require
from landbridge.accounts.models import AuthorityRecord, Organization, Role, Token, User
from landbridge.accounts.principals import principal_of
from landbridge.accounts.queries import organization_of
from landbridge.core.access import Access, Right, Rules
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View

BOTH = Access(
    Right.OWNER, scope="org.admin", person=True, operator=True, why="An owner and the operator grant together."
)


class OrganizationTokens(View):
    """Tokens of the organization's robots, made by its owners."""

    access: ClassVar[Rules] = {"GET": OWNER, "POST": OWNER}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.Token(many=True))
    def get(self, request: Request, slug: str) -> Response:
        _, found = require(request, slug, Role.OWNER)
        return page(request, Token.objects.filter(organization=found).select_related("user"), serialize=shapes.token)

    @extend_schema(request=shapes.RobotTokenWish, responses={201: shapes.NewToken})
    def post(self, request: Request, slug: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        wish = valid(shapes.RobotTokenWish, request)
        never_above(principal_of(request), wish["scopes"])
        issued = services.issue_organization_token(
            actor=user,
            slug=found.slug,
            name=wish["name"],
            scopes=wish["scopes"],
            role=Role(wish["role"]),
            lifetime=timedelta(days=wish["days"]),
            addresses=wish.get("addresses", ()),
        )
        return Response(shapes.token(issued.token) | {"token": issued.text}, status=201)


class OrganizationToken(View):
    access: ClassVar[Rules] = {"DELETE": OWNER}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, token_id: str) -> Response:
        user, found = require(request, slug, Role.OWNER)
        services.revoke_token(actor=user, token_id=token_id, slug=found.slug)
        return Response(status=204)


class AuthorityRecords(View):
    """Who may bind the organization. A record holds once an owner and the operator have both said so."""

    access: ClassVar[Rules] = {"GET": Access(Right.MEMBER, scope="read", operator=True), "POST": BOTH}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.Authority(many=True))
    def get(self, request: Request, slug: str) -> Response:
        _, found = either(request, slug, Role.MEMBER)
        rows = AuthorityRecord.objects.filter(organization=found)
        return page(request, rows.select_related("person", "granted_by", "confirmed_by"), serialize=shapes.authority)

    @extend_schema(request=shapes.AuthorityWish, responses={201: shapes.Authority})
    def post(self, request: Request, slug: str) -> Response:
        user, found = either(request, slug, Role.OWNER)
        wish = valid(shapes.AuthorityWish, request)
        wish["username"] = wish.pop("user")
        return Response(shapes.authority(services.grant_authority(actor=user, slug=found.slug, **wish)), status=201)


class AuthorityConfirmation(View):
    """By the side that did not write the record."""

    access: ClassVar[Rules] = {"POST": BOTH}

    @extend_schema(request=None, responses=shapes.Authority)
    def post(self, request: Request, slug: str, record_id: str) -> Response:
        user, found = either(request, slug, Role.OWNER)
        record = services.confirm_authority(actor=user, slug=found.slug, record_id=record_id)
        return Response(shapes.authority(record))


class AuthorityView(View):
    access: ClassVar[Rules] = {"DELETE": BOTH}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, record_id: str) -> Response:
        user, found = either(request, slug, Role.OWNER)
        services.revoke_authority(actor=user, slug=found.slug, record_id=record_id)
        return Response(status=204)


def either(request: Request, slug: str, role: Role) -> tuple[User, Organization]:
    """Somebody with ``role`` in the organization, or the operator."""
    principal = principal_of(request)
    if principal.is_operator:
        return principal.require_user(), organization_of(slug)
    return require(request, slug, role)
