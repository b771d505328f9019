"""How DRF learns who is asking."""

from rest_framework import authentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from landbridge.accounts import tokens
from landbridge.accounts.models import Token, User

SAID = "This token is unknown, expired or revoked. Make a new one under Settings, Tokens."


class BearerAuthentication(authentication.BaseAuthentication):
    """``Authorization: Bearer lb_...``. A token that is not good is 401, never silently anonymous."""

    def authenticate(self, request: Request) -> tuple[User, Token] | None:
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() != "bearer":
            return None
        token = tokens.find(text.strip())
        if token is None:
            raise AuthenticationFailed(SAID, code="token_invalid")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="landbridge"'


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in browser, with CSRF checks."""
