"""API tokens: ``lb_`` + 40 base62 characters + 6 of checksum. Only the SHA-256 is stored."""

import hashlib
import ipaddress
import secrets
import string
import zlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from django.db.models import Q, QuerySet

from landbridge.accounts.models import Organization, Token, TokenKind, User
from landbridge.core import time
from landbridge.core.db import step
from landbridge.core.prepared import Prepared, insert, slot

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PREFIX, BODY, CHECK = "lb_", 40, 6
SCOPES = (
    "read", "repo.read", "repo.write", "submit", "evaluate", "requests", "agreements.read", "agreements.write",
    "agreements.sign", "webhooks", "org.admin",
)  # fmt: skip
LIFETIME = timedelta(days=90)
NOTED = timedelta(hours=1)


def new_text() -> str:
    body = "".join(secrets.choice(BASE62) for _ in range(BODY))
    return PREFIX + body + checksum(body)


def checksum(body: str) -> str:
    """CRC-32 in base 62: a mistyped token is refused without asking the database."""
    number, text = zlib.crc32(body.encode()), ""
    for _ in range(CHECK):
        number, digit = divmod(number, 62)
        text = BASE62[digit] + text
    return text


def well_formed(text: str) -> bool:
    body = text[len(PREFIX) : len(PREFIX) + BODY]
    return len(text) == len(PREFIX) + BODY + CHECK and text == PREFIX + body + checksum(body)


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@step
def issue(  # noqa: PLR0913 one keyword per column
    *,
    user: User,
    name: str,
    scopes: Sequence[str],
    kind: TokenKind = TokenKind.PERSON,
    organization: Organization | None = None,
    lifetime: timedelta = LIFETIME,
    reach: dict[str, object] | None = None,
    addresses: Sequence[str] = (),
    made_by: User | None = None,
    now: datetime | None = None,
) -> tuple[Token, str]:
    """A new token and its text, which exists nowhere else."""
    text = new_text()
    token = Token(
        kind=kind,
        user=user,
        organization=organization,
        name=name,
        prefix=text[:8],
        digest=digest_of(text),
        scopes=list(scopes),
        reach=reach or {},
        addresses=list(addresses),
        made_by=made_by,
        expires_at=(now or time.db_now()) + lifetime,
    )
    insert(token)
    return token, text


def find(text: str, rows: Prepared[Token] | None = None) -> Token | None:
    """The live token of this text, by the database's clock. ``rows``: ``live`` ones by ``digest``, with more beside."""
    if not well_formed(text):
        return None
    return (rows or _LIVE).first(digest=digest_of(text))


def live() -> QuerySet[Token]:
    """Tokens that open something now."""
    good = Q(revoked_at=None, expires_at__gt=time.now(), user__is_active=True)
    return Token.objects.filter(good).select_related("user", "organization")


_LIVE = Prepared(lambda: live().filter(digest=slot(Token, "digest")))


def may_come_from(token: Token, address: str) -> bool:
    """True if the token has no list of networks, or ``address`` lies in one of them."""
    if not token.addresses:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(found in ipaddress.ip_network(network) for network in token.addresses)


def touch(token: Token) -> None:
    """Note that the token was used; at most one write in ``NOTED``."""
    stale = Q(last_used_at=None) | Q(last_used_at__lt=time.now(-NOTED))
    if token.last_used_at is None or token.last_used_at < datetime.now(UTC) - NOTED:
        Token.objects.filter(stale, pk=token.pk).update(last_used_at=time.now())
