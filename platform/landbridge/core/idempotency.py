"""``Idempotency-Key``: a POST that is sent again does nothing again and gets the first answer.

A key is claimed by a row that commits by itself before the work begins; the unique constraint decides who was first.
What succeeded is kept for a day, sealed, since an answer may hold a secret. What failed has done nothing (a service is
one transaction), so its key is free again. A claim whose process died lapses after ``CLAIM``.
"""

import contextlib
import hashlib
import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from rest_framework.request import Request

from landbridge.core import time, vault
from landbridge.core.errors import Conflict, DomainError, Invalid, TooLarge
from landbridge.core.models import IdempotencyKey

HEADER: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotent-Replayed"
KEPT, CLAIM = timedelta(hours=24), timedelta(minutes=5)
LONGEST, ROUTE = 128, 200
CARRIED = ("Content-Type", "Location", "ETag", "Retry-After", "Link")
PURPOSE = "idempotency"


class KeyReused(DomainError):
    code = "idempotency_key_reused"
    status = 422
    title = "This key was used for another request"


class InFlight(Conflict):
    code = "idempotency_in_flight"
    title = "The first request with this key is still running"


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to do the work of one key."""

    row: IdempotencyKey

    def keep(self, response: HttpResponseBase) -> None:
        """Remember what succeeded; free the key of what did not."""
        if not isinstance(response, HttpResponse) or response.status_code >= 400:  # noqa: PLR2004 HTTP
            self.release()
            return
        headers = {name: response.headers[name] for name in CARRIED if name in response.headers}
        IdempotencyKey.objects.filter(pk=self.row.pk).update(
            status=response.status_code,
            headers=headers,
            body=vault.seal(response.content.decode(), purpose=PURPOSE),
            expires_at=time.now(KEPT),
        )

    def release(self) -> None:
        IdempotencyKey.objects.filter(pk=self.row.pk, status=None).delete()


def key_of(request: Request, *, required: bool = False) -> str:
    """The caller's key, checked; empty where none was sent."""
    key = request.headers.get(HEADER, "").strip()
    if not key and required:
        raise Invalid(
            f"This has legal or money effect: send {HEADER} with a value of your own, so that a repeat is harmless.",
            code="idempotency_key_required",
        )
    if len(key) > LONGEST or not (key.isascii() and key.isprintable()):
        raise Invalid(f"{HEADER} holds 1 to {LONGEST} printable ASCII characters.", code="idempotency_key_invalid")
    return key


def begin(request: Request, key: str) -> Claim | HttpResponse:
    """A claim to go on with, or the answer that was given before. Other body: 422; still running: 409."""
    where = {"principal": principal_key(request), "route": _route(request), "key": key}
    digest = _digest(request)
    fresh: dict[str, Any] = {"request_sha256": digest, "expires_at": time.db_now() + CLAIM}
    row, created = IdempotencyKey.objects.get_or_create(**where, defaults=fresh)
    if created or _taken_over(row, fresh):
        return Claim(row)
    if row.request_sha256 != digest:
        raise KeyReused(f"This {HEADER} was sent with another body. Use a new key for a new request.")
    if row.status is None:
        raise InFlight("The first request with this key is still running. Ask again in a moment.", retry_after=1)
    answer = HttpResponse(vault.unseal(row.body, purpose=PURPOSE), status=row.status, headers=row.headers)
    answer[REPLAYED] = "true"
    return answer


def principal_key(request: Request) -> str:
    """Who asks, as a column: accounts lie above, so by the user's key alone."""
    user = request.user
    if user.is_authenticated:
        return f"user:{user.pk}"
    return f"address:{request.META.get('REMOTE_ADDR', '')}"[:64]


def sweep() -> int:
    """Remove what expired. Registered with the sweeper."""
    return IdempotencyKey.objects.filter(expires_at__lt=time.now()).delete()[0]


def _taken_over(row: IdempotencyKey, fresh: dict[str, Any]) -> bool:
    """An expired row is anybody's: one conditional UPDATE decides."""
    lapsed = Q(pk=row.pk, expires_at__lt=time.now())
    return IdempotencyKey.objects.filter(lapsed).update(status=None, body="", headers={}, **fresh) == 1


def _route(request: Request) -> str:
    route = f"{request.method} {request.path}"
    return route if len(route) <= ROUTE else hashlib.sha256(route.encode()).hexdigest()


def _digest(request: Request) -> str:
    """SHA-256 over the query and the body; JSON by its meaning, so that another spelling is the same request."""
    try:
        body = request._request.body  # noqa: SLF001 the bytes, before DRF's parser
    except RequestDataTooBig as error:
        raise TooLarge("This body is too large to be remembered. Send it without Idempotency-Key.") from error
    with contextlib.suppress(ValueError, RecursionError):  # not JSON: the bytes as they came
        body = json.dumps(json.loads(body), sort_keys=True).encode()
    query = request._request.META.get("QUERY_STRING", "")  # noqa: SLF001 DRF hides it so
    return hashlib.sha256(query.encode() + b"\0" + body).hexdigest()
