"""A broker that is down, frozen, or full of garbage; messages doubled or dropped: jobs are taken, and they end."""

import json
import shutil
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from kombu import Connection

from tests.faults import servers
from tests.faults.model import Deeds
from tests.faults.parts import Keeper, Part, kill_for_sure, wait_until
from tests.faults.scale import size, tell
from tests.faults.site import Site, site
from tests.faults.test_workers import is_right

BROKERS: dict[str, Callable[..., Any]] = {"redis": servers.redis, "rabbitmq": servers.rabbitmq}
ACCEPTED_S, RUN_S = 3.0, 30.0


@contextmanager
def site_with(broker: str, place: Path, template: Path, keeper: Keeper) -> Iterator[tuple[Site, Part]]:
    """Web, sweeper and a worker with slots for four, on a broker of their own."""
    with BROKERS[broker](keeper, place / "broker.log") as url, site(place / "home", template, broker=url) as made:
        begin(made)
        yield made, keeper.parts["broker"]


def begin(made: Site) -> None:
    made.suite = made.desk("plant")
    made.add_web(workers=1)
    made.add_sweeper()
    made.add_worker("first", slots=4)
    made.tokens["ada"] = made.desk("account", name="ada", organization="lumen")
    wait_until(lambda: "registered" in made.log("first"), "the worker")


def submit_all(made: Site, seeds: range) -> tuple[dict[str, int], float]:
    """Ask for a job a seed over the API: (job → seed, the slowest answer in seconds)."""
    jobs, slowest = {}, 0.0
    for seed in seeds:
        made.desk("publish_model", deeds=json.loads(Deeds(seed=seed).contents()["deeds.json"]))
    with httpx2.Client(base_url=made.url, headers={"Authorization": f"Bearer {made.tokens['ada']}"}) as client:
        for seed in seeds:
            began = time.monotonic()
            answer = client.post(
                "/api/v1/evaluations", json={"model": f"lumen/proof-{seed}", "suite": "proof"}, timeout=30
            )
            slowest = max(slowest, time.monotonic() - began)
            assert answer.status_code == 202, answer.text
            jobs[answer.json()["id"]] = seed
    return jobs, slowest


def all_right(made: Site, jobs: dict[str, int], seconds: float) -> None:
    until = time.monotonic() + seconds
    for job, seed in jobs.items():
        made.until(job, seconds=max(1.0, until - time.monotonic()))
        is_right(made, job, seed)


@pytest.mark.parametrize("broker", BROKERS)
def test_a_broker_that_is_frozen_down_or_full_of_garbage_holds_nobody_up(
    broker: str, tmp_path: Path, template: Path, servers_up: Keeper
) -> None:
    each = size(5, 20)
    with site_with(broker, tmp_path, template, servers_up) as (made, part):
        main = part.main()
        assert main is not None
        main.suspend()
        jobs, slowest = submit_all(made, range(each))
        assert slowest <= ACCEPTED_S
        all_right(made, jobs, RUN_S)
        main.resume()
        garbage(made.broker)
        jobs, full = submit_all(made, range(each, 2 * each))
        all_right(made, jobs, RUN_S)
        part.held = True
        assert kill_for_sure(main)
        part.clear()
        jobs, down = submit_all(made, range(2 * each, 3 * each))
        assert max(full, down) <= ACCEPTED_S
        all_right(made, jobs, RUN_S)
        part.held = False  # it is started again, and workers find it
        wait_until(part.answers, "the broker to be back")
        assert made.part("first").alive and made.part("web").alive and made.part("first").starts == 1
    tell(f"{broker}: slowest answer {slowest:.2f} s frozen, {full:.2f} s full, {down:.2f} s down")


def garbage(url: str) -> None:
    """What no program of ours would send."""
    bodies = (b"", b"\x00\xff", b"{", b"[]", b'{"task": 7}', json.dumps([["x"], {}, {}]).encode(), b"9" * 100_000)
    with Connection(url, connect_timeout=3) as connection:
        channel: Any = connection.channel()
        for queue in ("wake.cpu", "control"):
            for number, body in enumerate(bodies):
                if url.startswith("redis"):
                    channel.client.lpush(queue, body)
                    continue
                kind = "application/json" if number % 2 else "application/x-python-serialize"
                channel.basic_publish(
                    channel.prepare_message(body, content_type=kind, content_encoding="utf-8"),
                    exchange="", routing_key=queue,
                )  # fmt: skip


@pytest.mark.parametrize("deed", ["doubled", "dropped", "garbage"])
def test_messages_of_the_folder_broker_may_be_doubled_dropped_or_garbage(
    deed: str, tmp_path: Path, template: Path
) -> None:
    with site(tmp_path / "home", template) as made, meddling(deed, made.home / "broker" / "messages") as touched:
        begin(made)
        solo = ("-P", "solo", "--without-mingle", "--without-gossip", "--without-heartbeat", "-l", "warning")
        made.add("control", "-m", "celery", "-A", "landbridge.celery", "worker", "-Q", "control", *solo)
        jobs, _ = submit_all(made, range(size(6, 60)))
        all_right(made, jobs, 60)
        assert [len(made.record(job)["attempts"]) for job in jobs] == [1] * len(jobs), "no job ran twice"
        wait_until(lambda: len(touched) >= len(jobs), f"messages to be {deed}", 20)
        assert made.part("first").starts == made.part("control").starts == 1 and made.part("first").alive


@contextmanager
def meddling(deed: str, messages: Path) -> Iterator[list[str]]:
    """Does ``deed`` to each message that appears, as fast as it can; the names it did it to."""
    ended, touched = threading.Event(), list[str]()

    def meddle() -> None:
        while not ended.wait(0.001):
            for path in messages.glob("*.msg") if messages.is_dir() else ():
                if "-again" in path.name or path.name in touched:
                    continue
                try:
                    meddle_with(deed, path)
                except FileNotFoundError:  # a reader was faster
                    continue
                touched.append(path.name)

    thread = threading.Thread(target=meddle, daemon=True)
    thread.start()
    try:
        yield touched
    finally:
        ended.set()
        thread.join(5)


def meddle_with(deed: str, path: Path) -> None:
    stem, _, rest = path.name.partition(".")
    if deed == "dropped":
        path.unlink()
    elif deed == "doubled":
        aside = path.with_name(f"{stem}-again.tmp")
        shutil.copyfile(path, aside)
        aside.replace(path.with_name(f"{stem}-again.{rest}"))
    else:
        for body in (b"", b"{", b"[1]", b"\xff\xfe"):
            path.with_name(f"{stem}-again-{uuid.uuid4().hex}.{rest}").write_bytes(body)


def test_a_job_that_outlives_the_consumer_timeout_runs_once(tmp_path: Path, template: Path, servers_up: Keeper) -> None:
    """RabbitMQ closes the channel of who holds a message for 20 s; a job of 45 s holds none."""
    seconds = 20
    with (
        servers.rabbitmq(servers_up, tmp_path / "broker.log", consumer_timeout_ms=seconds * 1000) as url,
        site(tmp_path / "home", template, broker=url) as made,
    ):
        begin(made)
        long = made.queue(seed=1, pause=0.25)
        made.until(long, "running")
        others = {made.queue(seed=number): number for number in range(2, 8)}  # messages behind it
        held = threading.Thread(target=hold, args=(url, seconds * 2, closed := list[str]()), daemon=True)
        held.start()
        all_right(made, others, 30)
        all_right(made, {long: 1}, 120)
        held.join(60)
        assert len(made.record(long)["attempts"]) == 1
        assert closed, "who holds a message longer than that is cut off, so the timeout was real"
        assert "406" not in made.log("first") and "PRECONDITION" not in made.log("first").upper()


def hold(url: str, seconds: float, closed: list[str]) -> None:
    """A consumer as it should not be: it takes a message and acknowledges nothing."""
    with Connection(url, connect_timeout=3) as connection:
        channel: Any = connection.channel()
        channel.queue_declare("held", durable=True, auto_delete=False)
        channel.basic_publish(
            channel.prepare_message("x", content_type="text/plain", content_encoding="utf-8"),
            exchange="",
            routing_key="held",
        )
        channel.basic_consume("held", callback=lambda _message: None)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            try:
                connection.drain_events(timeout=1)
            except TimeoutError:
                continue
            except Exception as error:  # noqa: BLE001 whatever amqp says of a closed channel
                closed.append(str(error))
                return


def test_a_restarted_database_loses_no_job(tmp_path: Path, template: Path, servers_up: Keeper) -> None:
    """PostgreSQL killed in mid-job and started again: the same attempt goes on, or the next one with its shards."""
    with servers.postgresql(servers_up, tmp_path / "database.log") as database:
        servers.migrate(template, DATABASE_URL=database)
        with site(tmp_path / "home", template, database=database) as made:
            begin(made)
            made.keeper.begin()
            jobs = {made.queue(seed=number, pause=0.03): number for number in range(1, 4)}
            made.until_shards(next(iter(jobs)), 1)
            main = servers_up.parts["database"].main()
            assert isinstance(main, psutil.Process) and kill_for_sure(main)
            wait_until(servers_up.parts["database"].answers, "PostgreSQL to be back")
            all_right(made, jobs, 60)
