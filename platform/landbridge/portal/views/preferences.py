"""Language and appearance: two cookies that the server sets, so that no page flashes and no script is needed."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme

from landbridge.core.access import Access, Right
from landbridge.portal.context import THEMES
from landbridge.portal.page import page

YEAR: Final = 365 * 24 * 60 * 60


@page(POST=Access(Right.PUBLIC, why="It changes nothing but the caller's own cookies."))
def preferences(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(next_page(request))
    language, theme = request.POST.get("language", ""), request.POST.get("theme")
    if language in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, language)
    if theme in THEMES:
        _remember(response, "theme", theme)
    elif theme == "":
        response.delete_cookie("theme", samesite="Lax")
    return response


def next_page(request: HttpRequest, fallback: str = "/") -> str:
    """Where the form says to go on, if that is one of our own pages."""
    asked = request.POST.get("next", request.GET.get("next", ""))
    ours = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if ours else fallback


def _remember(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=secure, httponly=True)
