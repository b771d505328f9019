"""What a server's refusal becomes here: a code for programs, a sentence for people, the problem document as sent."""

from collections.abc import Mapping
from typing import Any


class LandbridgeError(Exception):
    """The base. ``code`` never changes, the message says what to do."""

    code = "error"

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code or self.code


class Unreachable(LandbridgeError):
    """The server did not answer."""

    code = "unreachable"


class TimedOut(LandbridgeError):
    """What was waited for did not happen in time."""

    code = "timeout"


class ContentChanged(LandbridgeError):
    """Bytes that arrived are not those that were promised."""

    code = "content_changed"


class ApiError(LandbridgeError):
    """A refusal by the server. ``problem`` is its RFC 9457 document, or one made of the Hub's error headers."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(sentence(problem), code=str(problem.get("code") or f"http_{status}"))
        self.status = status
        self.problem = dict(problem)

    @property
    def page(self) -> str:
        """Where to go next, if the server said so."""
        return str(self.problem.get("page") or "")


class Denied(ApiError):
    """401 or 403: sign in, or ask for the right."""


class NotFound(ApiError):
    """404: absent, or hidden from this token."""


class Conflict(ApiError):
    """409 or 412: it clashes with what is there."""


def error_for(status: int, problem: Mapping[str, Any]) -> ApiError:
    kinds: dict[int, type[ApiError]] = {401: Denied, 403: Denied, 404: NotFound, 409: Conflict, 412: Conflict}
    return kinds.get(status, ApiError)(status, problem)


def sentence(problem: Mapping[str, Any]) -> str:
    """The problem's detail, and each of its errors with its place."""
    text = str(problem.get("detail") or problem.get("title") or problem.get("error") or "The server refused.")
    faults = problem.get("errors")
    for fault in faults if isinstance(faults, list) else []:
        if isinstance(fault, dict) and (detail := str(fault.get("detail") or fault.get("message") or "")) not in text:
            text += f"\n  {fault.get('pointer') or '-'}: {detail}"
    return text
