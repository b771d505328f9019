"""The query string, read strictly: an unknown parameter is an error that names the known ones, never ignored."""

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpRequest, QueryDict
from rest_framework.request import Request

from landbridge.core.errors import Invalid

ALWAYS = frozenset({"lang"})  # understood by every address
LISTS = frozenset({"cursor", "limit", "count", "fields"})  # understood by every list
TRUTH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


@dataclass(frozen=True, slots=True)
class Query:
    """What was asked, after the names were checked."""

    values: QueryDict

    def one(self, name: str, default: str = "") -> str:
        return str(self.values.get(name, default))

    def many(self, name: str) -> list[str]:
        """Every value of ``name``: repeated, or in one with commas."""
        return [part for value in self.values.getlist(name) for part in str(value).split(",") if part]

    def choice(self, name: str, choices: Collection[str], default: str = "") -> str:
        value = self.one(name, default)
        if value and value not in choices:
            raise refused(name, "invalid_choice", f"{name} is one of {', '.join(sorted(choices))}.", sorted(choices))
        return value

    def flag(self, name: str, *, default: bool = False) -> bool:
        value = self.one(name).lower()
        if value and value not in TRUTH:
            raise refused(name, "invalid_choice", f"{name} is true or false.", ["true", "false"])
        return TRUTH[value] if value else default

    def number(self, name: str, *, least: int, most: int, default: int) -> int:
        """A whole number; above ``most`` it is an error, not silently less."""
        value = self.one(name)
        if not value:
            return default
        if not (value.isascii() and value.isdigit() and least <= int(value[:20]) <= most):
            raise refused(name, "invalid", f"{name} is a whole number from {least} to {most}.", [])
        return int(value)


def parse(request: HttpRequest | Request, allowed: Collection[str] = (), *, listed: bool = False) -> Query:
    """The query of ``request``, or ``Invalid`` (400) naming what is allowed. ``listed``: with the names of lists."""
    known = ALWAYS | set(allowed) | (LISTS if listed else frozenset())
    unknown = sorted(set(request.GET) - known)
    if unknown:
        said = ", ".join(sorted(known))
        raise Invalid(
            f"Unknown query parameter: {', '.join(name[:60] for name in unknown)}. Known here: {said}.",
            allowed=sorted(known),
            errors=[
                {"pointer": f"/query/{name[:60]}", "code": "unknown_parameter", "detail": f"Known here: {said}."}
                for name in unknown
            ],
        )
    return Query(request.GET)


def refused(name: str, code: str, said: str, allowed: Collection[str]) -> Invalid:
    fault = {"pointer": f"/query/{name}", "code": code, "detail": said}
    return Invalid(said, errors=[fault], allowed=list(allowed))
