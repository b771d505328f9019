"""How one cell of the matrix becomes a request: the address filled in, a body that names the world's things."""

import copy
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.http import HttpResponseBase
from django.test import Client

from landbridge.api.matrix import cast
from landbridge.api.matrix.cast import Actor
from landbridge.api.matrix.rules import Cell, Door
from landbridge.api.matrix.table import Row
from landbridge.evaluations.models import Worker
from tests.api.world import World

PART = re.compile(r"<(?:\w+:)?(?P<path>\w+)>|\(\?P<(?P<named>\w+)>(?:\[\^/\]\+|\(\?s:\.\+\)|\.\+|\w+)\)")
JSON = "application/json"


@dataclass(frozen=True)
class At:
    """One cell: where its request happens."""

    world: World
    row: Row
    actor: Actor


Fill = Callable[[At], str]


def value_of(name: str, at: At) -> str:
    """What stands in the address for ``name``. A name that is not known here makes the test fail with this sentence."""
    for start, route_name, fill in BY_ROUTE:
        if route_name == name and at.row.address.lstrip("^").startswith(start):
            return fill(at)
    fill_any = BY_NAME.get(name)
    if fill_any is not None:
        return fill_any(at)
    if name in at.world.ids:
        return at.world.ids[name]
    raise LookupError(f"Say in tests/api/asking.py (or world.ids) what <{name}> of /{at.row.address} is.")


def thing(at: At) -> str:
    return at.row.thing.name


def measured(row: Row) -> str:
    return "private" if row.thing.hidden else "open"


BY_NAME: dict[str, Fill] = {
    "namespace": lambda _at: cast.LAB,
    "name": thing,
    "rest": lambda _at: "main",
    "version": lambda at: at.world.commits[at.row.thing.name],
    "job": lambda at: at.world.jobs[measured(at.row)].pk,
    "submission": lambda at: at.world.submissions[measured(at.row)].pk,
    "result": lambda at: at.world.results[measured(at.row)].pk,
    "number": lambda at: "1" if at.row.door is Door.WORKER else at.world.ids["number"],
    "index": lambda _at: "0",
    "sha256": lambda _at: "0" * 64,
    "write": lambda _at: "write",
}
BY_NAME = BY_NAME | {
    "job_id": BY_NAME["job"],
    "result_id": BY_NAME["result"],
    "submission_id": BY_NAME["submission"],
}
BY_ROUTE: tuple[tuple[str, str, Fill], ...] = (
    ("api/v1/me/tokens/", "token_id", lambda at: at.world.own_tokens.get(at.actor.name, "01absent")),
    ("settings/tokens/", "token_id", lambda at: at.world.own_tokens.get(at.actor.name, "01absent")),
    ("api/v1/plugins/", "version", lambda _at: "0.1.0"),
    ("leaderboards/", "slug", lambda _at: "demo"),
    ("agreements/", "action", lambda _at: "withdraw"),
    ("workers/", "action", lambda _at: "drain"),
    ("workers/", "worker_id", lambda at: Worker.objects.get(user=at.world.users["worker"]).pk),
    ("api/v1/agreements/", "username", lambda _at: "acme-signatory"),
)


def path_of(row: Row, world: World, actor: Actor) -> str:
    address = row.address.lstrip("^").rstrip("$").replace("(?:resolve|raw)", "resolve").replace(r"\.", ".")
    address = address.replace("(?:/(?P<write>write))?", "").replace("[^/]+/resolve", "single/resolve")

    def fill(match: re.Match[str]) -> str:
        name = match["path"] or match["named"]
        value = value_of(name, At(world, row, actor))
        return f"{value}/config.json" if name == "rest" and "/resolve/" in address else value

    filled = PART.sub(fill, address)
    if re.search(r"[<(\[\\]", filled):
        raise LookupError(f"tests/api/asking.py cannot fill in /{row.address}: {filled}")
    return "/" + filled


def ask(client: Client, row: Row, world: World, actor: Actor) -> tuple[Cell, int]:
    """One request whose effects are taken back. The cell it shows, and the status."""
    body, content_type, headers = body_of(row, world, actor)
    outer, cookies = transaction.atomic(), copy.deepcopy(client.cookies)
    outer._from_testcase = True  # type: ignore[attr-defined] # services demand to be outermost; here they are, in effect
    with outer:
        answer = client.generic(
            row.method, path_of(row, world, actor), body, content_type=content_type, headers=headers
        )
        for close in getattr(answer, "_resource_closers", ()) if answer.streaming else ():
            close()  # answer.close() would close the database, too
        transaction.set_rollback(True)
    client.cookies = cookies  # a sign-in is taken back, too
    connection.needs_rollback = False
    return shown(answer), answer.status_code


def shown(answer: HttpResponseBase) -> Cell:
    if answer.status_code in {302, 303} and answer.headers["Location"].startswith("/accounts/login/"):
        return Cell.SIGN_IN
    return {401: Cell.WHO, 403: Cell.NO, 404: Cell.ABSENT}.get(answer.status_code, Cell.YES)


def body_of(row: Row, world: World, actor: Actor) -> tuple[bytes, str, Mapping[str, str]]:
    from tests.api.bodies import BODIES, FORMS  # noqa: PLC0415 they speak of ``At``, too

    key = f"{row.method} /{row.address.lstrip('^').rstrip('$')}"
    headers = {"Idempotency-Key": f"{actor.name} {key}"[:128]} if row.door is Door.API else {}
    if row.door is Door.WORKER:
        headers = {"Landbridge-Protocol": "1", "Landbridge-Instance": world.instance}
    if row.door is Door.PAGE:
        form = FORMS.get(key)
        return (form(At(world, row, actor)) if form else b""), "application/x-www-form-urlencoded", headers
    if row.method in {"GET", "DELETE"} and key not in BODIES:
        return b"", JSON, headers
    made: Any = BODIES[key](At(world, row, actor)) if key in BODIES else {}
    return json.dumps(made).encode(), JSON, headers
