"""Errors that a caller can act on. ``core.problem`` turns each into ``application/problem+json`` (RFC 9457)."""

from typing import ClassVar


class DomainError(Exception):
    """The base. ``code`` is for programs and never changes; the message is a sentence that says what to do."""

    code: ClassVar[str] = "domain_error"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"

    def __init__(self, message: str, *, code: str = "", **detail: object) -> None:
        super().__init__(message)
        self.detail = detail
        self.reason = code or self.code  # a class may stand for several codes of one status

    def as_problem(self) -> dict[str, object]:
        return {
            "type": f"/errors/{self.reason}",
            "title": str(self.title),
            "status": self.status,
            "detail": str(self),
            "code": self.reason,
            **self.detail,
        }


class Invalid(DomainError):
    """What was sent cannot be used. ``errors`` lists ``{"pointer", "code", "detail"}``, one per fault."""

    code = "invalid"
    title = "The request is not valid"


class Unauthenticated(DomainError):
    code = "unauthenticated"
    status = 401
    title = "Sign in, or send a token"


class NotAllowed(DomainError):
    code = "not_allowed"
    status = 403
    title = "You may not do this"


class NotFound(DomainError):
    """Absent, or hidden from who asks: the two look the same."""

    code = "not_found"
    status = 404
    title = "Not found"


class Conflict(DomainError):
    code = "conflict"
    status = 409
    title = "This clashes with what is there"


class TransitionRefused(Conflict):
    """The move does not start where the thing stands. ``detail["state"]`` says where that is."""

    code = "transition_refused"
    title = "Not in this state"


class Gone(DomainError):
    code = "gone"
    status = 410
    title = "This is over"


class TooLarge(DomainError):
    code = "too_large"
    status = 413
    title = "Too large"


class Busy(DomainError):
    """Others were faster, again and again. The same request may pass in a moment."""

    code = "busy"
    status = 503
    title = "Others are at it"


class TooMany(DomainError):
    """A limit was reached. ``detail["retry_after"]`` (seconds) becomes the ``Retry-After`` header."""

    code = "too_many_requests"
    status = 429
    title = "Too many requests"
