"""What every page view is wrapped in: its declared access, and errors that say what to do."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import get_language

from landbridge.core.access import Access, declares
from landbridge.core.errors import (
    Busy,
    Conflict,
    DomainError,
    Invalid,
    NotAllowed,
    NotFound,
    TooLarge,
    Unauthenticated,
)
from landbridge.hub.errors import HubError
from landbridge.portal.explained import explain
from landbridge_registry.errors import RegistryError

BY_STATUS: dict[int, type[DomainError]] = {
    kind.status: kind for kind in (Unauthenticated, NotAllowed, NotFound, Conflict, TooLarge, Busy)
}
P = ParamSpec("P")
PageView = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(**rules: Access) -> Callable[[PageView[P]], PageView[P]]:
    """``declares``, and what a room refuses becomes a page with its status instead of a crash."""

    def mark(view: PageView[P]) -> PageView[P]:
        @declares(**rules)
        @functools.wraps(view)
        def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            try:
                return view(request, *args, **kwargs)
            except Unauthenticated:
                return redirect_to_login(request.get_full_path())
            except DomainError as error:
                return problem(request, error)
            except (RegistryError, HubError) as error:
                return problem(request, domain(error))

        return guarded

    return mark


def domain(error: RegistryError | HubError) -> DomainError:
    """The registry lies below errors with a status; what it misses is not found, what it refuses is not valid.

    The Hub speaks to its own clients; to people, an error of the same status does.
    """
    if isinstance(error, HubError):
        return BY_STATUS.get(error.status, Invalid)(str(error))
    kind = NotFound if error.code.endswith("not_found") else Invalid
    return kind(str(error), code=error.code)


def problem(request: HttpRequest, error: DomainError) -> HttpResponse:
    """The error as a page: what happened, in the reader's language; the sentence for this case; the way on."""
    explained = explain(error.reason, str(error.title))
    context = {
        "explained": explained,
        "detail": str(error),
        "foreign": not (get_language() or "en").startswith("en"),
        "way": error.detail.get("page", ""),
        "request_id": getattr(request, "request_id", ""),
        "status": error.status,
    }
    return render(request, "portal/problem.html", context, status=error.status)
