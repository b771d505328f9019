"""SIGKILL at marked points of worker, web and sweeper: whatever was half done is done once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_evaluation.points import POINTS
from tests.faults.parts import wait_until
from tests.faults.site import Site, site
from tests.faults.test_workers import is_right

TAKE_BACK = "take_back_uncommitted"


@pytest.fixture(scope="module")
def armed(tmp_path_factory: pytest.TempPathFactory, template: Path) -> Iterator[tuple[Site, Path]]:
    """A site whose processes end at points, once each, as armed in a folder; what ends is started again."""
    place = tmp_path_factory.mktemp("points")
    folder = place / "armed"
    folder.mkdir()
    with site(place / "home", template, LANDBRIDGE_POINTS=str(folder)) as made:
        made.suite = made.desk("plant")
        made.add_web(workers=1)
        made.add_sweeper()
        made.add_worker("first", slots=1, LANDBRIDGE_POINTS=str(folder))
        made.keeper.begin()
        yield made, folder


@pytest.mark.parametrize("point", [one for one in POINTS if one != TAKE_BACK])
def test_a_process_that_ends_at_a_marked_point_costs_nothing(point: str, armed: tuple[Site, Path]) -> None:
    made, folder = armed
    seed = 300 + POINTS.index(point)
    (folder / point).touch()
    job = made.queue(seed=seed, says=True)
    made.until(job)
    assert not (folder / point).exists(), "no process came by: nothing was tested"
    attempts = is_right(made, job, seed)["attempts"]
    assert [one["outcome"] for one in attempts][-1] == "done" and len(attempts) <= 2, attempts


def test_a_sweeper_that_ends_in_the_middle_of_a_repair_is_followed_by_another(armed: tuple[Site, Path]) -> None:
    made, folder = armed
    job = made.queue(seed=399, pause=0.05)
    made.until(job, "running")
    first, before = made.part("first"), made.part("sweeper").starts
    (folder / TAKE_BACK).touch()
    first.held = True
    first.clear()
    wait_until(lambda: not (folder / TAKE_BACK).exists(), "the sweeper to begin the repair", 15)
    wait_until(lambda: made.part("sweeper").starts > before, "another sweeper", 15)
    made.until(job, "queued", seconds=20)
    first.held = False
    made.until(job)
    kept = is_right(made, job, 399)
    assert [one["outcome"] for one in kept["attempts"]] == ["lost", "done"]
