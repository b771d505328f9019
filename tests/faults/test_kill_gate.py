"""The kill gate in three modes: every job done, once, with the right score, whatever is killed meanwhile."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import gate, servers
from tests.faults.parts import Keeper, Part
from tests.faults.scale import PROOF_SCALE, jobs, kills, seed, tell
from tests.faults.site import Site, site

MODES = ("sqlite+filesystem", "postgresql+rabbitmq", "postgresql+redis")


@contextmanager
def site_of(mode: str, place: Path, template: Path, keeper: Keeper, name: str) -> Iterator[tuple[Site, Part | None]]:
    """A site in one of the modes, and its broker's part where that is a process."""
    if mode == "sqlite+filesystem":
        with site(place / "home", template) as made:
            yield made, None
        return
    start = servers.rabbitmq if mode.endswith("rabbitmq") else servers.redis
    with (
        servers.database(name) as database,
        start(keeper, place / "broker.log") as broker,
        site(place / "home", template, database=database, broker=broker) as made,
    ):
        yield made, keeper.parts["broker"]


@pytest.mark.parametrize("mode", MODES)
def test_no_job_is_lost_doubled_or_wrong(
    mode: str, tmp_path: Path, template: Path, servers_up: Keeper, request: pytest.FixtureRequest
) -> None:
    name = "" if mode.startswith("sqlite") else request.getfixturevalue("template_database")
    number, wanted, asked = seed(), kills(), jobs()
    tell(f"seed {number}, {wanted} kills over {asked} jobs, {mode}")
    with site_of(mode, tmp_path, template, servers_up, name) as (made, broker):
        pause = gate.LONG_PAUSE if PROOF_SCALE else gate.PAUSE
        outcome = gate.run(made, broker, jobs=asked, kills=wanted, seed=number, pause=pause)
        logs = {part: made.log(part)[-1500:] for part in ("web", "sweeper", *gate.WORKERS)}
    tell(json.dumps(outcome.to_json()))
    assert sum(outcome.hit.values()) == wanted, "every kill hit a live process"
    assert outcome.jobs >= asked
    assert (outcome.lost, outcome.doubled, outcome.wrong) == ([], [], []), (outcome, logs)
