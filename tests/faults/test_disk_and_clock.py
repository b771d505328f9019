"""A worker whose disk is full, or whose clock is wrong."""

import ast
import os
import subprocess  # noqa: TID251 a small file system is mounted
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.parts import wait_until
from tests.faults.site import Site
from tests.faults.test_workers import is_right
from tests.stack import ROOT

CLOCKS = {"time.time", "datetime.now", "datetime.utcnow", "datetime.today", "time.localtime", "time.gmtime"}
# moments that a statement names, and the age of a probe kept on disk, which no granted second could tell
TOLD = {"attempt.py": 1, "statement.py": 1, "screening.py": 2, "probe.py": 2}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "none", str(place)]
    if os.getuid() != 0 or subprocess.run(mount, check=False).returncode:  # noqa: S603 our own words
        pytest.skip("needs the right to mount a small file system")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=False)  # noqa: S603, S607 our own words


def test_a_full_disk_drains_the_worker_and_the_job_goes_on_elsewhere(here: Site, small_disk: Path) -> None:
    first = here.add_worker("first", slots=1, home=small_disk)
    wait_until(lambda: "registered" in here.log("first"), "the worker")
    filler = small_disk / "filler"
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    job = here.queue(seed=14)
    wait_until(lambda: here.job(job)["attempt"] >= 1, "the lease")
    here.add_worker("second", slots=1)
    here.until(job)
    attempts = is_right(here, job, 14)["attempts"]
    assert attempts[-1]["worker"] == "second"
    assert {one["fault"].get("code") for one in attempts[:-1]} == {"disk_full"}, attempts
    here.part("second").stop()
    later = here.queue(seed=15)
    threading.Event().wait(3)  # longer than an idle worker waits before it asks
    assert here.job(later)["attempt"] == 0, "a worker with a full disk takes no more"
    filler.unlink()
    first.stop()
    here.add_worker("third", slots=1)
    here.until(later)
    is_right(here, later, 15)


def test_no_decision_of_a_worker_rests_on_the_machines_clock() -> None:
    """A clock that is an hour off changes nothing: deadlines are granted seconds on a clock that only grows."""
    used: Counter[str] = Counter()
    root = ROOT / "evaluation" / "landbridge_evaluation"
    for path in (one for room in ("worker", "supervisor", "sandbox") for one in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in CLOCKS:
                used[path.name] += 1
    assert {name: count for name, count in used.items() if count > TOLD.get(name, 0)} == {}
