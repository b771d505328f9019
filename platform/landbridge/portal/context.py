"""What every page knows: where one may go, who one is, and how the page should look."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from landbridge.accounts.models import Organization
from landbridge.accounts.principals import principal_of

THEMES = ("light", "dark")


def portal(request: HttpRequest) -> dict[str, object]:
    theme = request.COOKIES.get("theme", "")
    return {
        "theme": theme if theme in THEMES else "",
        "themes": _themes(),
        "demo": settings.LANDBRIDGE_DEMO,
        "landbridge_version": settings.LANDBRIDGE_VERSION,
        "here": request.get_full_path() if request.method == "GET" else "/",
        "navigation": _navigation(request.path),
        "operator_staff": SimpleLazyObject(lambda: hasattr(request, "user") and principal_of(request).is_operator),
        "my_organizations": SimpleLazyObject(lambda: _my_organizations(request)),
    }


def _themes() -> list[dict[str, str]]:
    return [
        {"value": "", "icon": "sun-moon", "label": _("As the device")},
        {"value": "light", "icon": "sun", "label": _("Light")},
        {"value": "dark", "icon": "moon", "label": _("Dark")},
    ]


def _navigation(path: str) -> list[dict[str, str]]:
    items = [
        (reverse("models"), _("Models")),
        (reverse("leaderboards"), _("Leaderboards")),
        (reverse("submission-new"), _("Submit")),
    ]
    return [{"url": url, "label": label, "current": _current(path, url)} for url, label in items]


def _current(path: str, url: str) -> str:
    """What ``aria-current`` says: the page itself, or a page below it."""
    if path == url:
        return "page"
    return "true" if path.startswith(f"{url}/") else ""


def _my_organizations(request: HttpRequest) -> list[Organization]:
    rows: list[Any] = list(principal_of(request).memberships.values()) if hasattr(request, "user") else []
    return sorted((row.organization for row in rows), key=lambda organization: organization.name.lower())
