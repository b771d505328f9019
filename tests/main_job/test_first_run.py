"""The first start, as somebody who has only cloned the repository sees it. Its time is measured by ``make bench``."""

import json
import os
import sqlite3
import subprocess  # noqa: TID251 the command line is what is tested
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, environment_of, running
from tests.walk import Api, Json

pytestmark = pytest.mark.xdist_group("first_run")
FLOORS = {"digits_linear": "majority-image", "django_langid": "majority", "pydoc_lm": "unigram-bytes"}
LOWER_IS_BETTER = {"pydoc_lm"}


def up(home: Path, *options: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603 our own words
        [sys.executable, "manage.py", "up", "--port", "0", "--json", *options],
        cwd=ROOT,
        env=environment_of(home),
        check=check,
        capture_output=True,
        text=True,
        timeout=900,
    )


def rows(home: Path) -> dict[str, int]:
    """How many rows each table of what people made holds."""
    tables = ("registry_repo", "registry_commit", "evaluations_job", "evaluations_result", "agreements_agreement")
    with sqlite3.connect(home / "landbridge.sqlite3") as database:
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}  # noqa: S608


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("first") / "var"


@pytest.fixture(scope="module")
def ready(home: Path) -> Json:
    said: Json = json.loads(up(home, "--exit-after-demo").stdout)
    return said


@pytest.mark.parametrize("task", FLOORS)
def test_three_tasks_rank_four_models_and_what_was_trained_beats_the_floor(ready: Json, task: str) -> None:
    ranked = {row["model"]: row for row in ready["leaderboard"] if row["task"] == task and row["rank"] is not None}
    assert len(ranked) >= 4
    floor = next(row for model, row in ranked.items() if model.endswith(f"/{FLOORS[task]}"))
    best = min(ranked.values(), key=lambda row: int(row["rank"]))
    (low, high), (floor_low, floor_high) = best["score"]["ci95"], floor["score"]["ci95"]
    assert high < floor_low if task in LOWER_IS_BETTER else low > floor_high
    assert all(row["score"]["n"] >= 90 for row in ranked.values())


def test_it_prints_what_is_needed_to_go_on(ready: Json) -> None:
    assert {"url", "board", "tokens", "sign_in", "step_up"} <= set(ready)
    assert {"lab", "adopter", "signatory", "operator"} <= set(ready["tokens"]) & set(ready["sign_in"])
    assert all(token.startswith("lb_") for token in ready["tokens"].values())


def test_a_second_start_seeds_nothing_and_data_survives(home: Path, ready: Json) -> None:
    before = rows(home)
    assert before["evaluations_result"] >= 12 and before["agreements_agreement"] == 3
    with running(home) as stack:
        board = Api(stack.url).get("/api/v1/leaderboards/demo/entries")["items"]
        assert len([row for row in board if row["rank"] is not None]) >= len(ready["leaderboard"])
        after = rows(home)
    made = ("registry_repo", "registry_commit", "evaluations_job", "agreements_agreement")
    assert {table: after[table] for table in made} == {table: before[table] for table in made}


def test_a_demo_is_served_on_loopback_only(home: Path, ready: Json) -> None:
    done = up(home, "--host", "0.0.0.0", check=False)  # noqa: S104 that it is refused is the point
    assert done.returncode == 1 and "loopback" in done.stderr


def test_an_empty_instance_can_be_set_up_by_a_person_and_leaves_no_process(tmp_path: Path) -> None:
    with running(tmp_path / "var", "--no-demo") as stack:
        groups = [int(line) for line in children_of(stack.process.pid)]
        assert len(groups) == 4, "web, control worker, sweeper and evaluation worker"
        link = stack.ready["sign_in"]["operator"]
        http = Api(stack.url).http
        assert http.get(link.removeprefix(stack.url)).status_code == 200
        assert Api(stack.url).get("/api/v1/models", q="lumen")["items"] == []
    assert not [pid for pid in groups if alive(pid)]


def children_of(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
