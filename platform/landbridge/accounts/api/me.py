"""``/me``: who am I, and my own keys."""

from datetime import timedelta
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts import services, stepup
from landbridge.accounts.api import serializers as shapes
from landbridge.accounts.models import Token, User
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core.access import Access, Right, Rules
from landbridge.core.errors import NotAllowed
from landbridge.core.pagination import page
from landbridge.core.serializers import valid
from landbridge.core.views import View

SIGNED_IN = Access(Right.SIGNED_IN)
KEYS = Access(Right.SIGNED_IN, scope="org.admin", person=True, why="A token makes tokens only if it may administer.")


def described(principal: Principal, user: User) -> dict[str, Any]:
    token = principal.token
    places = sorted(principal.memberships.values(), key=lambda row: row.organization.slug)
    return {
        "username": user.username,
        "kind": user.kind,
        "name": user.get_full_name(),
        "email": user.email,
        "locale": user.locale,
        "organizations": [
            {"organization": row.organization.slug, "kind": row.organization.kind, "role": row.role} for row in places
        ],
        "scopes": token.scopes if token else None,
        "token": token.prefix if token else None,
        "two_factor": stepup.has_totp(user),
    }


class MeView(View):
    """The caller, their organizations, and what the token at hand may do."""

    access: ClassVar[Rules] = {"GET": SIGNED_IN, "PATCH": Access(Right.SIGNED_IN, scope="org.admin", person=True)}
    query: ClassVar[tuple[str, ...]] = ()

    @extend_schema(responses=shapes.Me)
    def get(self, request: Request) -> Response:
        principal = principal_of(request)
        return Response(described(principal, principal.require_user()))

    @extend_schema(request=shapes.MeChange, responses=shapes.Me)
    def patch(self, request: Request) -> Response:
        principal = principal_of(request)
        user = services.update_me(actor=principal.require_user(), **valid(shapes.MeChange, request))
        return Response(described(principal, user))


class MyTokens(View):
    """My own tokens. The key is in the answer to POST and nowhere else."""

    access: ClassVar[Rules] = {"GET": SIGNED_IN, "POST": KEYS}
    query: ClassVar[tuple[str, ...]] = ()
    listed: ClassVar[bool] = True

    @extend_schema(responses=shapes.Token(many=True))
    def get(self, request: Request) -> Response:
        mine = Token.objects.filter(user=principal_of(request).require_user(), organization=None)
        return page(request, mine.select_related("user"), serialize=shapes.token)

    @extend_schema(request=shapes.TokenWish, responses={201: shapes.NewToken})
    def post(self, request: Request) -> Response:
        principal = principal_of(request)
        user = principal.require_user()
        wish = valid(shapes.TokenWish, request)
        never_above(principal, wish["scopes"])
        issued = services.issue_token(
            actor=user,
            name=wish["name"],
            scopes=wish["scopes"],
            lifetime=timedelta(days=wish["days"]),
            addresses=wish.get("addresses", ()),
        )
        return Response(shapes.token(issued.token) | {"token": issued.text}, status=201)


class MyToken(View):
    access: ClassVar[Rules] = {"DELETE": KEYS}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, token_id: str) -> Response:
        user = principal_of(request).require_user()
        services.revoke_token(actor=user, token_id=token_id, user=user)
        return Response(status=204)


def never_above(principal: Principal, scopes: list[str]) -> None:
    """A token cannot make one that may more than it may itself."""
    lacking = [scope for scope in scopes if not principal.has_scope(scope)]
    if lacking:
        raise NotAllowed(f"Your own token lacks {', '.join(lacking)}, so it cannot give that.", code="scope_missing")
