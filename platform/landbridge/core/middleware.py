"""What every request gets: an id to quote, a language, and errors in the shape its door speaks."""

import re
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.conf import settings
from django.core.handlers.wsgi import get_bytes_from_wsgi
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.middleware.locale import LocaleMiddleware as DjangoLocaleMiddleware
from django.template.response import SimpleTemplateResponse
from django.urls import resolve
from django.utils import translation

from landbridge.core import problem
from landbridge.core.errors import DomainError, Invalid, NotFound
from landbridge.core.text import is_storable
from landbridge_registry.ids import new_id

Next = Callable[[HttpRequest], HttpResponseBase]
WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
WORKERS = "/api/worker/v1/"
API = "/api/v1/", WORKERS


class RequestIdMiddleware:
    """``X-Request-Id`` on every answer; a caller's own is kept if it is well formed."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        offered = request.headers.get("X-Request-Id", "")
        request.request_id = offered if WELL_FORMED.fullmatch(offered) else new_id()  # type: ignore[attr-defined]
        response = self.get_response(request)
        response.headers.setdefault("X-Request-Id", request.request_id)  # type: ignore[attr-defined]
        return response


class TextMiddleware:
    """What is no text ends here: 404 in a path, 400 in a query. No database gets to choke on it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        error = _no_text(request)
        if error is None:
            for name in [name for name, value in request.COOKIES.items() if not is_storable(value)]:
                del request.COOKIES[name]  # another site of this host may have set it: no reason to lock anyone out
            return self.get_response(request)
        answer = problem.response(error, request) if request.path.startswith("/api/") else None
        if answer is not None:
            return answer
        return HttpResponse(str(error), status=error.status, content_type="text/plain; charset=utf-8")


def _no_text(request: HttpRequest) -> DomainError | None:
    if not is_storable(request.path):  # broken UTF-8 stays percent-encoded in a path, which is text
        return NotFound("There is nothing at this address: it holds characters that are no text.")
    texts = [text for name, values in request.GET.lists() for text in (name, *values)]
    query = get_bytes_from_wsgi(request.META, "QUERY_STRING", "")
    if not all(map(is_storable, texts)) or not _is_utf8(unquote_to_bytes(query)):
        return Invalid("The query holds characters that are no text. Send UTF-8 without NUL, percent-encoded.")
    return None


def _is_utf8(content: bytes) -> bool:
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


class LocaleMiddleware(DjangoLocaleMiddleware):
    """The user's language, the cookie's or the browser's; ``?lang=`` for one answer."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        asked = request.GET.get("lang", "")
        if asked in dict(settings.LANGUAGES):
            translation.activate(asked)
            request.LANGUAGE_CODE = asked


class WorkerDoorMiddleware:
    """Workers have no session, no language and no page: what lies below this does not hold up their calls."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(WORKERS):
            return self.get_response(request)
        match = resolve(request.path_info)
        request.resolver_match = match
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return response.render() if isinstance(response, SimpleTemplateResponse) else response


class ProblemMiddleware:
    """Domain errors, 404s and crashes under the API become problem documents, outside DRF too."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        plain = response.headers.get("Content-Type", "").startswith("text/html")
        if request.path.startswith(API) and response.status_code >= 400 and plain:  # noqa: PLR2004 HTTP
            return self._from_status(request, response.status_code)
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        return problem.response(error, request) if request.path.startswith(API) else None

    def _from_status(self, request: HttpRequest, status: int) -> JsonResponse:
        code, said = {
            404: ("not_found", "There is nothing at this address. GET /api/v1/openapi.json lists what there is."),
            403: ("not_allowed", "This is not open to you."),
            405: ("method_not_allowed", "This address does not take that method."),
        }.get(status, ("server_error", "Something broke here. Quote the request id to the operator."))
        body: dict[str, object] = {"type": f"/errors/{code}", "title": code.replace("_", " "), "status": status}
        body |= {"detail": said, "code": code}
        return JsonResponse(problem.finish(body, request), status=status, content_type=problem.MEDIA_TYPE)
