"""Every route, method and caller: the answer is the one that the declared rules make, computed without asking."""

from collections import defaultdict

import pytest
from django.core.management import call_command

from landbridge.api.matrix import table
from landbridge.api.matrix.cast import ACTORS
from landbridge.api.matrix.rules import Cell, Door
from tests.api import asking
from tests.api.world import World, build

WRONG = 500


@pytest.fixture
def world(db: None, settings: object) -> World:
    settings.LANDBRIDGE_RATE_SCALE = 10_000.0  # type: ignore[attr-defined]
    return build()


@pytest.mark.parametrize("door", Door)
def test_every_cell_answers_as_the_declared_rules_say(world: World, door: Door) -> None:
    clients = {actor.name: world.client(actor, page=door is Door.PAGE) for actor in ACTORS}
    wrong: dict[str, list[str]] = defaultdict(list)
    for row in (row for row in table.rows() if row.door is door):
        for actor in ACTORS:
            cell, status = asking.ask(clients[actor.name], row, world, actor)
            if cell != row.cell(actor) or status >= WRONG:
                wrong[f"{row}: rules say {row.cell(actor)}, it answered {status}"].append(actor.name)
    assert not wrong, "\n".join(f"{said}: {', '.join(names)}" for said, names in wrong.items())


def test_every_door_has_rows_and_some_of_each_answer() -> None:
    cells = {(row.door, row.cell(actor)) for row in table.rows() for actor in ACTORS}
    assert {door for door, _ in cells} == set(Door)
    assert {cell for _, cell in cells} == set(Cell)


def test_the_committed_matrix_is_what_the_rules_say() -> None:
    call_command("access_matrix", check=True)
