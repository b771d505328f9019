"""How a request shows who it is from: a bearer token, or a signed-in browser."""

from typing import ClassVar

from django.http import HttpRequest
from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from landbridge.accounts import tokens
from landbridge.accounts.models import Token, User
from landbridge.core.prepared import Prepared

SAID = "This token is unknown, expired or revoked. Make a new one under Settings, Tokens."
_SEEN = "_landbridge_bearer"


def bearer_text(request: HttpRequest) -> str | None:
    """What follows ``Authorization: Bearer``; ``None`` where nothing does."""
    kind, _, text = request.headers.get("Authorization", "").partition(" ")
    return text.strip() if kind.lower() == "bearer" else None


def bearer_of(request: HttpRequest) -> Token | None:
    """The live token that came with ``request``. Wrong and absent are ``None``."""
    text = bearer_text(request)
    return token_of(request, text) if text else None


def token_of(request: HttpRequest, text: str, rows: Prepared[Token] | None = None) -> Token | None:
    """The live token of ``text``, if it may be used from where ``request`` comes; looked up once for each request."""
    if not hasattr(request, _SEEN):
        token = tokens.find(text, rows)
        if token is not None and not tokens.may_come_from(token, request.META.get("REMOTE_ADDR", "")):
            token = None
        if token is not None:
            tokens.touch(token)
        setattr(request, _SEEN, token)
    found: Token | None = getattr(request, _SEEN)
    return found


class BearerAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer lb_...``. A token that is not good is 401, never silently anonymous."""

    rows: ClassVar[Prepared[Token] | None] = None  # live tokens by digest, with what a door reads beside

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        text = bearer_text(request._request)  # noqa: SLF001 DRF hides it so
        if text is None:
            return None
        token = token_of(request._request, text, self.rows) if text else None  # noqa: SLF001 DRF hides it so
        if token is None:
            raise AuthenticationFailed(SAID, code="token_invalid")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 DRF's signature
        return 'Bearer realm="landbridge"'


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser, with CSRF checks."""
