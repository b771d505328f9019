"""Declared access for plain Django views: pages and Hub routes. DRF views pass by ``permissions.DeclaredAccess``."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from landbridge.accounts.gate import pass_gate
from landbridge.accounts.principals import principal_of
from landbridge.core import problem
from landbridge.core.access import rules_of
from landbridge.core.errors import DomainError, NotFound, Unauthenticated

OURS = "landbridge."
Next = Callable[[HttpRequest], HttpResponseBase]


class AccessMiddleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., Any],
        _args: tuple[Any, ...],
        _kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        rules = rules_of(view)
        if hasattr(view, "cls") or getattr(view, "own_gate", False):
            return None  # DRF's, or a Hub route that speaks its own errors
        if rules is None:
            if view.__module__.startswith(OURS):
                raise PermissionDenied(f"{view.__module__}.{view.__name__} declares no access.")
            return None  # a library's view, which guards itself
        rule = rules.get(request.method or "")
        if rule is None:
            return HttpResponseNotAllowed(sorted(rules))
        try:
            pass_gate(rule, principal_of(request))
        except DomainError as error:
            return _refused(request, error)
        return None


def _refused(request: HttpRequest, error: DomainError) -> HttpResponseBase:
    """A problem document below ``/api/``; for people the sign-in page, or the page of the status."""
    answer = problem.response(error, request) if request.path.startswith("/api/") else None
    if answer is not None:
        return answer
    if isinstance(error, Unauthenticated):
        return redirect_to_login(request.get_full_path())
    if isinstance(error, NotFound):
        raise Http404(str(error)) from error
    raise PermissionDenied(str(error)) from error
