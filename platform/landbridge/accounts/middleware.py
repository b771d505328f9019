"""Declared access for plain Django views: pages and Hub routes. DRF views pass by ``permissions.DeclaredAccess``."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponseBase, HttpResponseNotAllowed

from landbridge.accounts.gate import pass_gate
from landbridge.accounts.principals import principal_of
from landbridge.core.access import rules_of
from landbridge.core.errors import Unauthenticated

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
        if rules is None or hasattr(view, "cls") or getattr(view, "own_gate", False):
            return None  # a library's view, DRF's, or a Hub route that speaks its own errors
        rule = rules.get(request.method or "")
        if rule is None:
            return HttpResponseNotAllowed(sorted(rules))
        try:
            pass_gate(rule, principal_of(request))
        except Unauthenticated:
            return redirect_to_login(request.get_full_path())
        return None
