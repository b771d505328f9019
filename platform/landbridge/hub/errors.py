"""Errors in the Hub's own shape: a status, a sentence, and headers that its clients turn into exceptions.

Hub-protocol, section 3. ``X-Error-Code`` is always sent: without it a client on plain http cannot tell what is missing.
"""

import json
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from landbridge.core.errors import DomainError
from landbridge_registry import errors as registry

STATUS: dict[str, tuple[int, str]] = {  # code of a registry error -> status, X-Error-Code
    registry.RepoMissing.code: (404, "RepoNotFound"),
    registry.RevisionMissing.code: (404, "RevisionNotFound"),
    registry.EntryMissing.code: (404, "EntryNotFound"),
    registry.BadPath.code: (422, ""),
    registry.StaleParent.code: (412, ""),
    registry.Held.code: (409, ""),
    registry.RepoExists.code: (409, ""),
    registry.NoSpace.code: (507, ""),
}


class HubError(Exception):
    """An answer that is not the thing asked for."""

    def __init__(self, status: int, message: str, code: str = "", **headers: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.body: dict[str, Any] = {"error": message}

    def answer(self, request: HttpRequest) -> HttpResponse:
        message = str(self)
        response = HttpResponse(status=self.status, content_type="application/json")
        if request.method != "HEAD":
            response.content = json.dumps(self.body).encode()
        response["X-Error-Message"] = message.encode("latin-1", "replace").decode("latin-1").replace("\n", " ")
        if self.code:
            response["X-Error-Code"] = self.code
        if self.status == HTTPStatus.UNAUTHORIZED:
            response["WWW-Authenticate"] = 'Bearer realm="landbridge"'
        for name, value in self.headers.items():
            response[name] = value
        return response


def repo_missing(*, anonymous: bool) -> HubError:
    """Missing and hidden look the same."""
    return HubError(401 if anonymous else 404, "Repository not found", "RepoNotFound")


def from_registry(error: registry.RegistryError, *, anonymous: bool) -> HubError:
    if isinstance(error, registry.RepoMissing):
        return repo_missing(anonymous=anonymous)
    status, code = STATUS.get(error.code, (400, ""))
    return HubError(status, str(error), code)


def from_domain(error: DomainError) -> HubError:
    return HubError(error.status, str(error))


def refusal_of_type(text: str) -> HubError:
    return HubError(400, f"Repositories are of the type model or dataset, not {text[:40]!r}.")
