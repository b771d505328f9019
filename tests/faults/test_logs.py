"""Lines from a model to a reader who comes and goes, while web and worker are killed: none is lost or doubled."""

import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx2
import pytest

from tests.faults.model import ROWS, TASKS, words
from tests.faults.parts import kill_for_sure, wait_until
from tests.faults.scale import size, tell
from tests.faults.site import Site, site
from tests.faults.test_workers import asked, is_right

SLOWEST_P95_S = 3.0  # the bar is 1 s on an idle machine (docs/proofs.md says what was measured); CI is never idle


@pytest.fixture
def here(tmp_path: Path, template: Path) -> Iterator[Site]:
    """A lease that outlives a restart of the web server."""
    with site(tmp_path / "home", template, LANDBRIDGE_LEASE_SECONDS="12") as made:
        made.suite = made.desk("plant")
        made.add_web(workers=1)
        made.add_sweeper()
        made.add_worker("first", slots=1)
        made.keeper.begin()
        yield made


class Reader:
    """Reads a job's events in short visits, each from where the last one ended."""

    def __init__(self, made: Site, job: str, token: str) -> None:
        self.url, self.token, self.job = made.url, token, job
        self.last, self.visits, self.over = 0, 0, False
        self.seen: list[dict[str, object]] = []

    def read(self, visits: int) -> None:
        """Until the end of the job; breaks off by itself ``visits`` times."""
        until = time.monotonic() + 150
        while not self.over and time.monotonic() < until:
            longest = 0.4 if self.visits < visits else 60.0
            with suppress(httpx2.HTTPError):
                self.visit(longest)
                self.visits += 1

    def visit(self, longest: float) -> None:
        headers = {"Authorization": f"Bearer {self.token}", "Last-Event-ID": str(self.last)}
        began = time.monotonic()
        with (
            httpx2.Client(base_url=self.url, headers=headers, timeout=20) as client,
            client.stream("GET", f"/api/v1/jobs/{self.job}/events") as answer,
        ):
            fields: dict[str, str] = {}
            for line in answer.iter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields[name] = value
                    continue
                self.take(fields)
                fields = {}
                if self.over or time.monotonic() - began > longest:
                    return

    def take(self, fields: dict[str, str]) -> None:
        self.over = self.over or fields.get("event") == "end"
        if "id" not in fields:
            return
        assert int(fields["id"]) == self.last + 1, f"after {self.last} came {fields['id']}"
        self.last = int(fields["id"])
        data = json.loads(fields["data"])
        if fields["event"] == "log":
            self.seen.append(data)

    def text(self, attempt: int) -> str:
        return "".join(str(one["text"]) for one in self.seen if one["attempt"] == attempt)


def test_no_line_is_lost_over_reconnects_and_kills_of_the_web(here: Site) -> None:
    job, reader, thread = begin(here, seed=500, visits=size(24, 120))
    for _ in range(size(2, 5)):
        at = len(reader.seen)
        wait_until(partial(grown, reader.seen, at), "more lines", 30)
        main = here.part("web").main()
        assert main is not None and kill_for_sure(main)
        wait_until(here.live, "the web server to be back", 30)
    here.until(job, seconds=120)
    thread.join(60)
    kept = is_right(here, job, 500)
    stored = "".join(one["text"] for one in kept["logs"])
    assert reader.over and reader.visits >= size(20, 100) and len(kept["attempts"]) == 1
    assert reader.text(1) == stored, "the reader has byte for byte what is kept"
    said = asked(stored)  # every line that the model wrote: each word once
    assert sorted(said) == sorted(word for task in TASKS for word in words(task)) and len(said) == ROWS * len(TASKS)
    tell(f"{reader.visits} visits, {len(stored.encode())} bytes")


def grown(seen: list[dict[str, object]], beyond: int) -> bool:
    return len(seen) > beyond


def begin(made: Site, *, seed: int, visits: int) -> tuple[str, Reader, threading.Thread]:
    token = made.desk("account", name="ada", organization="lumen")
    job = made.queue(seed=seed, pause=0.1, says=True)
    reader = Reader(made, job, token)
    thread = threading.Thread(target=reader.read, args=(visits,), daemon=True)
    thread.start()
    return job, reader, thread


def test_no_line_is_lost_when_the_worker_is_killed(here: Site) -> None:
    job, reader, thread = begin(here, seed=501, visits=5)
    here.until_shards(job, 1)
    first = here.part("first")
    first.held, main = True, first.main()
    assert main is not None and kill_for_sure(main)
    spool = (here.home / "workers" / "first" / "work" / f"{job}-1" / "log").read_text()
    first.held = False  # it is started again, and brings what it had not sent yet
    here.until(job, seconds=90)
    thread.join(60)
    kept = is_right(here, job, 501)
    for attempt in (1, 2):
        stored = "".join(one["text"] for one in kept["logs"] if one["attempt"] == attempt)
        assert stored and reader.text(attempt) == stored
    assert reader.text(1) == spool, "also what was on the disk of the worker that was killed"


def test_a_line_reaches_its_reader_soon(here: Site) -> None:
    """Seconds from the write of a line's event to its arrival, as a reader without pauses sees them."""
    token = here.desk("account", name="ada", organization="lumen")
    job = here.queue(seed=502, pause=0.05, says=True)
    reader = Reader(here, job, token)
    arrived: dict[int, float] = {}
    original = reader.take

    def take(fields: dict[str, str]) -> None:
        original(fields)
        if "id" in fields:
            arrived[int(fields["id"])] = time.time()

    reader.take = take  # type: ignore[method-assign] # one more ear
    reader.read(0)
    events = [one for one in here.record(job)["events"] if one["kind"] == "log"]
    late = [arrived[one["seq"]] - one["at"] for one in events]
    p95 = statistics.quantiles(late, n=20)[18]
    tell(f"p95 {p95:.2f} s from event to reader over {len(late)} chunks")
    assert p95 <= SLOWEST_P95_S and len(late) >= 5
