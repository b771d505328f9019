"""Who may come in by which door. Every view declares it; a system check refuses one that does not."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])


class Right(StrEnum):
    """What a caller needs, from nothing to an office. Roles are meant in the organization the address names."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    MEMBER = "member"
    MAINTAINER = "maintainer"
    OWNER = "owner"
    SIGNATORY = "signatory"
    OFFICE = "office"  # owner, maintainer or signatory: who acts for the organization toward others
    OPERATOR = "operator"
    WORKER = "worker"
    JOB_TOKEN = "job_token"  # noqa: S105 a right's name


@dataclass(frozen=True, slots=True)
class Access:
    """The rule of one method of one view. Pages, API, Hub routes, docs and the access matrix read it."""

    right: Right
    scope: str | None = None  # what a token must carry; a session has every scope
    hidden: bool = False  # who lacks the right gets 404, as if nothing were there
    why: str = ""  # a sentence, where the rule is not plain
    person: bool = False  # a robot gets 403 person_required, whatever its scopes
    operator: bool = False  # the operator's staff may as well
    capability: str = ""  # contents: the one access predicate decides, after the right


Rules = Mapping[str, Access]


def declares(**rules: Access) -> Callable[[View], View]:
    """Declare the rules of a plain Django view: ``@declares(GET=Access(Right.PUBLIC))``. Other methods answer 405."""

    def mark(view: View) -> View:
        view.access = dict(rules)  # type: ignore[attr-defined]
        return view

    return mark


def rules_of(view: object) -> Rules | None:
    """The declared rules of a resolved view (function, class-based or DRF), if any."""
    cls = getattr(view, "cls", None) or getattr(view, "view_class", None)
    found: Rules | None = getattr(view, "access", None) or getattr(cls, "access", None)
    if found and "GET" in found and "HEAD" not in found:
        found = {**found, "HEAD": found["GET"]}
    return found
