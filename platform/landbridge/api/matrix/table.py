"""The matrix as rows: every route and method of the URL map, every thing it can be about, every actor."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from django.urls import URLPattern

from landbridge.api.matrix import cast
from landbridge.api.matrix.cast import ACTORS, Actor, Thing
from landbridge.api.matrix.rules import Cell, Door, expected
from landbridge.core.access import Access, rules_of
from landbridge.core.checks import patterns

SILENT = {"HEAD", "OPTIONS"}  # as GET
REPOSITORY = (cast.GATED, cast.PRIVATE)
# What "address METHOD" is about, the first that matches. An address with a part to fill in needs one.
ABOUT: Sequence[tuple[str, tuple[Thing, ...]]] = (
    (r"api/v1/(me/|invitations/)", (cast.MINE,)),
    (r".*authority/<str:record_id>/confirm ", (cast.CONFIRMATION,)),
    (r"api/v1/organizations/<", (cast.ORGANIZATION,)),
    (r"api/v1/plugins POST", (cast.ORGANIZATION,)),
    (r"api/v1/plugins/<", (cast.ABSENT,)),
    (r"api/v1/models/<.*/license ", (cast.GATED, cast.SECRET)),
    (r"api/v1/models/<", REPOSITORY),
    (r"api/v1/models POST", (cast.ORGANIZATION,)),
    (r"(api/v1/)?results/<", (cast.OPEN, cast.SECRET_RESULT)),
    (r"(api/v1/)?(jobs|submissions)/<", (cast.OPEN, cast.SECRET_JOB)),
    (r"(api/v1/|submissions/)late-findings/<", (cast.NOTHING,)),
    (r"workers/<", (cast.NOTHING,)),
    (r"api/v1/submissions POST", (cast.OPEN, cast.SECRET)),
    (r"submissions/new ", (cast.OPEN,)),
    (r"api/v1/evaluations ", (cast.OPEN, cast.SECRET)),
    (r"(api/v1/)?offers/<", (cast.OFFER,)),
    (r"(api/v1/)?agreements/<str:number>/(suspend|resume|withdraw) ", (cast.LICENSORS,)),
    (r".*agreements/<str:number>/decline ", (cast.DECLINED,)),
    (r"api/v1/agreements/<str:number>/seats.* (POST|DELETE)", (cast.SEATS,)),
    (r"(api/v1/)?agreements/<", (cast.AGREEMENT,)),
    (r"api/v1/(tasks|suites|leaderboards)/<", (cast.NOTHING,)),
    (r"api/worker/v1/attempts/", (cast.OPEN,)),
    (r"api/repos/(create|delete)", (cast.OPEN,)),
    (r"api/(models|datasets)/\(\?P<rest>|\[\^/\]", (cast.ABSENT,)),
    (r"api/agent-harnesses ", (cast.NEVER,)),
    (r"api/(lfs|telemetry)/", (cast.NOTHING,)),
    (r"api/datasets/", (cast.DATASET,)),
    (r"api/models/", REPOSITORY),
    (r"datasets/\(", (cast.DATASET,)),
    (r"\(\?P<namespace>", REPOSITORY),
    (r"organizations/invitations/", (cast.MINE,)),
    (r"organizations/<", (cast.ORGANIZATION,)),
    (r"settings/", (cast.MINE,)),
    (r"(login/once|errors|leaderboards)/", (cast.NOTHING,)),
    (r"<str:namespace> ", (cast.ORGANIZATION,)),
    (r"<str:namespace>/<str:name>", REPOSITORY),
)


class UnknownRoute(Exception):
    """A route that the matrix has no world for."""


@dataclass(frozen=True, slots=True)
class Row:
    """One route, method and thing, with the rule that its view declares."""

    address: str
    pattern: URLPattern
    door: Door
    method: str
    rule: Access
    thing: Thing

    def cell(self, actor: Actor) -> Cell:
        return expected(self.door, self.rule, actor, self.thing)

    def __str__(self) -> str:
        return f"{self.method} /{self.address} ({self.thing.name})"


def rows() -> Iterator[Row]:
    for address, pattern in patterns():
        rules = rules_of(pattern.callback)
        if rules is None:
            raise UnknownRoute(f"/{address} declares no access.")
        for method in sorted(set(rules) - SILENT):
            for thing in things_of(address, method):
                yield Row(address, pattern, door_of(address, pattern), method, rules[method], thing)


def door_of(address: str, pattern: URLPattern) -> Door:
    if address.startswith("api/v1/"):
        return Door.API
    if address.startswith("api/worker/"):
        return Door.WORKER
    room = pattern.callback.__module__.split(".")[1]
    return {"hub": Door.HUB, "portal": Door.PAGE, "accounts": Door.PAGE}.get(room, Door.ROOT)


def things_of(address: str, method: str) -> tuple[Thing, ...]:
    for start, things in ABOUT:
        if re.match(start, f"{address.lstrip('^')} {method}"):
            return things
    if "<" in address:
        raise UnknownRoute(f"Say in landbridge.api.matrix.table.ABOUT what {method} /{address} is about.")
    return (cast.NOTHING,)


def render() -> str:
    """``docs/access.csv``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["route", "method", "about", "right", "scope", *(actor.name for actor in ACTORS)])
    for row in sorted(rows(), key=lambda row: (row.door, row.address, row.method, row.thing.name)):
        told = [f"/{row.address}", row.method, row.thing.name, row.rule.right, row.rule.scope or ""]
        writer.writerow([*told, *(row.cell(actor) for actor in ACTORS)])
    return out.getvalue()
