"""The kill gate in three modes: every job done, once, with the right score, whatever is killed meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults import gate, servers
from tests.faults.parts import Keeper, Part
from tests.faults.scale import seed, size
from tests.faults.site import Site, site

MODES = ("sqlite+filesystem", "postgresql+rabbitmq", "postgresql+redis")
JOBS, KILLS = 60, 30  # at scale 1


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
    number, kills = seed(), size(KILLS, KILLS)
    print(f"seed {number}")  # noqa: T201 a failed run is repeated by it
    with site_of(mode, tmp_path, template, servers_up, name) as (made, broker):
        outcome = gate.run(made, broker, jobs=JOBS, kills=kills, seed=number)
        logs = {part: made.log(part)[-1500:] for part in ("web", "sweeper", *gate.WORKERS)}
    print(outcome.to_json())  # noqa: T201 what was hit, for the proof
    assert sum(outcome.hit.values()) == kills, "every kill hit a live process"
    assert outcome.jobs == JOBS
    assert (outcome.lost, outcome.doubled, outcome.wrong) == ([], [], []), (outcome, logs)
