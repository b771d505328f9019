"""How often one principal may ask: fixed windows, counted atomically, told in the headers that Hub clients parse.

``RateLimit: "api";r=412;t=55`` and ``RateLimit-Policy: "fixed window";"api";q=1000;w=300``.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from landbridge.accounts.authentication import bearer_of
from landbridge.accounts.models import TokenKind
from landbridge.accounts.principals import Principal, principal_of
from landbridge.core import problem
from landbridge.core.errors import TooMany

WINDOW: Final = 300  # seconds
BUCKETS: Final = {"api": 1000, "resolvers": 5000, "pages": 600}  # requests in a window, of one principal
ANONYMOUS: Final = 3  # who shows no name shares a third, by address
ROOMS: Final = {"landbridge.hub": "resolvers", "landbridge.portal": "pages", "allauth": "pages"}
API: Final = "/api/"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a principal stands in one bucket."""

    bucket: str
    quota: int
    used: int
    seconds: int  # until the window ends

    @property
    def spent(self) -> bool:
        return self.used > self.quota

    def headers(self) -> dict[str, str]:
        left = max(0, self.quota - self.used)
        told = {
            "RateLimit": f'"{self.bucket}";r={left};t={self.seconds}',
            "RateLimit-Policy": f'"fixed window";"{self.bucket}";q={self.quota};w={WINDOW}',
        }
        return told | ({"Retry-After": str(self.seconds)} if self.spent else {})


def count(bucket: str, principal: Principal, address: str) -> Standing:
    """Count one request and say where that leaves the caller."""
    quota = int(BUCKETS[bucket] * settings.LANDBRIDGE_RATE_SCALE)
    if principal.user is None:
        quota //= ANONYMOUS
    now = int(time.time())
    window, passed = divmod(now, WINDOW)
    who = f"user:{principal.user.pk}" if principal.user else f"address:{address}"
    key = f"limit:{bucket}:{window}:{who}"
    cache.add(key, 0, timeout=WINDOW + 5)
    try:
        used = cache.incr(key)
    except ValueError:  # the cache dropped it between the two calls
        used = 1
    return Standing(bucket, max(1, quota), used, WINDOW - passed)


def check(request: HttpRequest, bucket: str, principal: Principal) -> Standing | None:
    """Count ``request`` once; what it finds is told by ``LimitMiddleware``. Workers are counted by their leases."""
    if principal.token is not None and principal.token.kind == TokenKind.WORKER:
        return None
    standing = count(bucket, principal, request.META.get("REMOTE_ADDR", ""))
    request.standing = standing  # type: ignore[attr-defined]
    return standing


class LimitMiddleware:
    """Counts pages and Hub routes, and writes the headers of every counted answer. DRF views count by ``Throttle``."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        standing: Standing | None = getattr(request, "standing", None)
        if standing is not None:
            for name, value in standing.headers().items():
                response.headers[name] = value
        return response

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        _args: tuple[Any, ...],
        _kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        bucket = bucket_of(request, view)
        if bucket is None or hasattr(view, "cls"):  # DRF counts after it knows who asks
            return None
        token = bearer_of(request)
        principal = Principal(token.user, token) if token else principal_of(request)
        standing = check(request, bucket, principal)
        return refuse(request, standing) if standing is not None and standing.spent else None


def bucket_of(request: HttpRequest, view: Callable[..., Any]) -> str | None:
    """The view's own ``bucket``; else by its room. ``None``: not counted (probes, static files)."""
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    own: str | None = getattr(view, "bucket", None) or getattr(cls, "bucket", None)
    if own:
        return own
    if request.path.startswith(API):
        return "api"
    module = view.__module__
    return next((bucket for room, bucket in ROOMS.items() if module.startswith(room)), None)


def refuse(request: HttpRequest, standing: Standing) -> HttpResponseBase:
    said = f"You asked {standing.quota} times in {WINDOW} seconds. Ask again in {standing.seconds} seconds."
    if standing.bucket == "pages":
        return HttpResponse(said, status=TooMany.status, content_type="text/plain; charset=utf-8")
    answer = problem.response(TooMany(said, retry_after=standing.seconds), request)
    if answer is None:
        raise RuntimeError("A domain error is always a problem document.")
    return answer
