"""What every page knows."""

from django.conf import settings
from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, object]:
    return {"theme": request.COOKIES.get("theme", ""), "demo": settings.LANDBRIDGE_DEMO}
