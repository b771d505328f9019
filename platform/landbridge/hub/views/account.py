"""Who the token is; what the client asks in passing."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse

from landbridge.accounts.models import Role, Token
from landbridge.core import time
from landbridge.core.access import Access, Right
from landbridge.hub.errors import HubError
from landbridge.hub.gate import READ, WRITE, hub, required_user, who

ROLES = {Role.OWNER: "admin", Role.MAINTAINER: "write", Role.MEMBER: "contributor", Role.SIGNATORY: "contributor"}


@hub(GET=Access(Right.SIGNED_IN))
def whoami(request: HttpRequest) -> HttpResponseBase:
    """``GET /api/whoami-v2``."""
    principal = who(request)
    user = required_user(principal)
    organizations = [
        {
            "type": "org",
            "id": row.organization.pk,
            "name": row.organization.slug,
            "fullname": row.organization.name,
            "roleInOrg": ROLES[Role(row.role)],
            "avatarUrl": "",
        }
        for row in principal.memberships.values()
    ]
    said: dict[str, Any] = {
        "type": "user",
        "id": str(user.pk),
        "name": user.username,
        "fullname": user.get_full_name() or user.username,
        "email": user.email,
        "isPro": False,
        "avatarUrl": "",
        "orgs": organizations,
    }
    if principal.token is not None:
        said["auth"] = {"type": "access_token", "accessToken": _token(principal.token)}
    return JsonResponse(said)


def _token(token: Token) -> dict[str, str]:
    role = "write" if WRITE in token.scopes else "read" if READ in token.scopes else "fineGrained"
    return {"displayName": token.name, "role": role, "createdAt": time.text(token.created_at)}


@hub(GET=Access(Right.PUBLIC), POST=Access(Right.PUBLIC), HEAD=Access(Right.PUBLIC))
def telemetry(_request: HttpRequest, **_rest: str) -> HttpResponseBase:
    """The client's noise, answered at once and kept nowhere."""
    return HttpResponse(status=200)


@hub(GET=Access(Right.PUBLIC))
def nothing(_request: HttpRequest) -> HttpResponseBase:
    raise HubError(404, "Not offered here.")
