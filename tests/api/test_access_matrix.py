"""Every route, method and caller: the answer is the one that the declared rules make, computed without asking."""

from collections import defaultdict

import pytest
from django.core.management import call_command

from landbridge.api.matrix import table
from landbridge.api.matrix.cast import ACTORS
from landbridge.api.matrix.rules import Door
from tests.api import asking
from tests.api.world import World, build

WRONG = 500


@pytest.fixture
def world(db: None, settings: object) -> World:
    settings.LANDBRIDGE_RATE_SCALE = 10_000.0  # type: ignore[attr-defined]
    return build()


def test_every_cell_answers_as_the_declared_rules_say(world: World) -> None:
    rows = list(table.rows())
    clients = {(actor.name, page): world.client(actor, page=page) for actor in ACTORS for page in (False, True)}
    wrong: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        for actor in ACTORS:
            client = clients[actor.name, row.door is Door.PAGE]
            cell, status = asking.ask(client, row, world, actor)
            if cell != row.cell(actor) or status >= WRONG:
                wrong[f"{row}: rules say {row.cell(actor)}, it answered {status}"].append(actor.name)
    assert not wrong, "\n".join(f"{said}: {', '.join(names)}" for said, names in wrong.items())


def test_the_committed_matrix_is_what_the_rules_say() -> None:
    call_command("access_matrix", check=True)
