"""Counts REST requests, once the caller is known. In settings by dotted path: no app imports it."""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from landbridge.accounts.principals import principal_of
from landbridge.api import limits

if TYPE_CHECKING:  # DRF imports this module while it loads its own views
    from rest_framework.views import APIView


class Throttle(BaseThrottle):
    seconds: float | None = None

    def allow_request(self, request: Request, view: "APIView") -> bool:
        bucket = getattr(view, "bucket", "api")
        standing = limits.check(request._request, bucket, principal_of(request))  # noqa: SLF001 DRF hides it so
        if standing is None:
            return True
        self.seconds = standing.seconds
        return not standing.spent

    def wait(self) -> float | None:
        return self.seconds
