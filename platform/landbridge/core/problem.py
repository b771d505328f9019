"""Every error under ``/api/`` as ``application/problem+json`` (RFC 9457), from whatever raised it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework.exceptions import APIException, NotAuthenticated, ValidationError
from rest_framework.response import Response
from rest_framework.views import set_rollback

from landbridge.core.errors import DomainError, Invalid, NotAllowed, NotFound, Unauthenticated

MEDIA_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. ``None``: a bug, which ``core.middleware`` answers with 500 and a request id."""
    problem = as_problem(error)
    if problem is None:
        return None
    set_rollback()
    request = context.get("request")
    body = finish(problem, getattr(request, "_request", None))
    return Response(body, status=int(str(body["status"])), content_type=MEDIA_TYPE, headers=headers_of(error, body))


def response(error: Exception, request: HttpRequest) -> JsonResponse | None:
    """The same for plain Django views and middleware."""
    problem = as_problem(error)
    if problem is None:
        return None
    body = finish(problem, request)
    answer = JsonResponse(body, status=int(str(body["status"])), content_type=MEDIA_TYPE)
    for name, value in headers_of(error, body).items():
        answer[name] = value
    return answer


def as_problem(error: Exception) -> dict[str, object] | None:
    """The problem's members; ``None`` for what is no refusal but a bug."""
    domain = error if isinstance(error, DomainError) else _as_domain_error(error)
    if domain is not None:
        return domain.as_problem()
    if not isinstance(error, APIException):
        return None
    code = str(error.get_codes()) if isinstance(error.get_codes(), str) else error.default_code
    title, said = str(error.default_detail), str(error.detail)
    return {"type": f"/errors/{code}", "title": title, "status": error.status_code, "detail": said, "code": code}


def _as_domain_error(error: Exception) -> DomainError | None:
    if isinstance(error, ValidationError):
        faults = list(faults_of(error.detail))
        said = "; ".join(f"{fault['pointer']}: {fault['detail']}" for fault in faults[:3])
        return Invalid(f"Correct these fields and send again: {said}", errors=faults)
    if isinstance(error, Http404):
        return NotFound("There is nothing at this address that you may see.")
    if isinstance(error, PermissionDenied):
        return NotAllowed("This is not open to you.")
    if isinstance(error, NotAuthenticated):
        return Unauthenticated("Sign in, or send `Authorization: Bearer lb_...`.")
    return None


def finish(problem: dict[str, object], request: HttpRequest | None) -> dict[str, object]:
    """Add where it happened and the id to quote."""
    if request is not None:
        problem |= {"instance": request.path, "request_id": getattr(request, "request_id", "")}
    return problem


def headers_of(error: Exception, body: Mapping[str, object]) -> dict[str, str]:
    headers = {}
    if body.get("status") == Unauthenticated.status:
        headers["WWW-Authenticate"] = 'Bearer realm="landbridge"'
    wait = getattr(error, "wait", None) or body.get("retry_after")
    if wait:
        headers["Retry-After"] = str(max(1, round(float(str(wait)))))
    return headers


def faults_of(detail: Any, pointer: str = "") -> Iterator[dict[str, str]]:  # noqa: ANN401 DRF nests lists and dicts
    """One ``{"pointer", "code", "detail"}`` per leaf of DRF's nested error detail."""
    if isinstance(detail, Mapping):
        for name, value in detail.items():
            yield from faults_of(value, pointer if name == "non_field_errors" else f"{pointer}/{name}")
    elif isinstance(detail, list):
        nested = any(isinstance(value, list | Mapping) for value in detail)
        for number, value in enumerate(detail):
            yield from faults_of(value, f"{pointer}/{number}" if nested else pointer)
    else:
        yield {"pointer": pointer or "/", "code": str(getattr(detail, "code", "invalid")), "detail": str(detail)}
