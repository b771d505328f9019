"""Workers that die, freeze, lose their network or their disk: others go on, and nothing is written twice."""

import time
from collections import Counter
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path

import psutil
import pytest

from tests.faults.killing import children
from tests.faults.model import ROWS, TASKS, right
from tests.faults.parts import Part, kill_for_sure, lives, wait_until
from tests.faults.proxy import Network, network
from tests.faults.scale import PROOF_SCALE, size, tell
from tests.faults.site import Json, Site, site

SWEEP = 2.0
ACTIVE = ("leased", "running", "finalizing")


def is_right(made: Site, job: str, seed: int) -> Json:
    """The record of a job that ended with one right result."""
    kept, row = made.record(job), made.job(job)
    assert row["state"] == "done", row["fault"]
    assert len(kept["results"]) == 1
    assert {one["task"]: one["value"] for one in kept["scores"]} == {task: right(seed, task) / ROWS for task in TASKS}
    return kept


def asked(text: str) -> list[str]:
    """What the model said it was asked."""
    return [line.removeprefix("asked ") for line in text.splitlines() if line.startswith("asked ")]


def lose_host(part: Part) -> list[psutil.Process]:
    """A host without power: the worker and all it started are gone, and nobody starts it again."""
    part.held = True
    models = children(part)
    main = part.main()
    assert main is not None and kill_for_sure(main)
    return models


def test_a_dead_hosts_job_goes_on_elsewhere_within_lease_and_sweep(here: Site) -> None:
    first = here.add_worker("first", slots=1)
    job = here.queue(seed=1, pause=0.03, says=True)
    here.until_shards(job, 1)
    spool = here.home / "workers" / "first" / "work" / f"{job}-1" / "log"
    models, gone_at = lose_host(first), here.desk("now")
    before = asked(spool.read_text())
    wait_until(lambda: not any(lives(one) for one in models), "the model's process, which dies with its worker", 5)
    here.add_worker("second", slots=1)
    here.until(job)
    kept = is_right(here, job, 1)
    one, two = kept["attempts"]
    assert (one["outcome"], two["outcome"], two["worker"]) == ("lost", "done", "second")
    # beside lease and sweep: the pause before a retry (at most a second), and an idle worker's look (2.5 s)
    assert two["started"] - gone_at <= here.lease + SWEEP + 5, kept["attempts"]
    after = asked("".join(part["text"] for part in kept["logs"] if part["attempt"] == 2))
    again = sum((Counter(before) & Counter(after)).values())
    assert again <= ROWS, f"{again} items were asked again, a shard has {ROWS}"
    assert len(set(before) | set(after)) == ROWS * len(TASKS)


def test_a_restarted_worker_goes_on_within_seconds(here: Site) -> None:
    first = here.add_worker("first", slots=1)
    here.keeper.begin()
    job = here.queue(seed=2, pause=0.03)
    here.until_shards(job, 1)
    main, gone_at = first.main(), here.desk("now")
    assert main is not None and kill_for_sure(main)
    here.until(job)
    one, two = is_right(here, job, 2)["attempts"]
    assert (one["outcome"], one["fault"]["code"]) == ("lost", "worker_restarted")
    assert two["started"] - gone_at <= 5, "registering anew ends the old leases at once"


def test_poison_ends_after_three_attempts_and_others_go_on(here: Site) -> None:
    here.add_worker("first", slots=2)
    poison = here.queue(seed=3, at=" 0 x", does="die")
    abort = here.queue(seed=4, at=" 0 x", does="abort")
    good = [here.queue(seed=number, pause=0.01) for number in range(5, 9)]
    for number, job in enumerate(good, start=5):
        here.until(job)
        is_right(here, job, number)
    for job in (poison, abort):
        row = here.until(job)
        assert (row["state"], row["fault"]["code"], row["attempt"]) == ("failed", "no_progress", 3), row
        assert [one["counted"] for one in here.record(job)["attempts"]] == [True, True, False]


def begun(made: Site, job: str, attempt: int, part: Part) -> bool:
    return bool(made.job(job)["attempt"] == attempt and children(part))


def test_a_job_that_takes_its_worker_along_is_stopped(here: Site) -> None:
    """Its worker is killed each time the job has begun."""
    first = here.add_worker("first", slots=1)
    here.keeper.begin()
    job = here.queue(seed=3, pause=0.05)
    for attempt in (1, 2, 3):
        wait_until(
            partial(begun, here, job, attempt, first),
            f"attempt {attempt}",
            20,
        )
        main = first.main()
        assert main is not None and kill_for_sure(main)
        wait_until(lambda: here.job(job)["state"] not in ACTIVE, "the job to be taken back", 20)
    row = here.job(job)
    assert (row["state"], row["fault"]["code"], row["attempt"]) == ("failed", "no_progress", 3), row
    other = here.queue(seed=4)
    here.until(other)
    is_right(here, other, 4)


def test_a_frozen_worker_that_wakes_up_writes_nothing(here: Site) -> None:
    """SIGSTOP past the lease, SIGCONT after another has taken over. Of three workers at most two freeze at once."""
    wanted, frozen, jobs = size(10, 100), 0, dict[str, int]()
    parts = {name: here.add_worker(name, slots=2) for name in ("first", "second", "third")}
    while frozen < wanted:
        made = {here.queue(seed=100 + len(jobs) + number, pause=0.015, says=True): 0 for number in range(2)}
        for job in made:
            here.until(job, "running", "done", seconds=30)
            jobs[job] = 100 + len(jobs)
        frozen += freeze(here, parts, made)
        for job in made:  # one that was frozen thrice in a row would rightly count as poison
            here.until(job)
    stale = [one for job, seed in jobs.items() for one in stale_writes(is_right(here, job, seed))]
    lost = sum(one["outcome"] == "lost" for job in jobs for one in here.record(job)["attempts"])
    assert lost >= wanted and stale == [], stale
    tried = sum(here.log(name).count("fenced") + here.log(name).count("lease_lost") for name in parts)
    tell(f"{frozen} freezes, {lost} leases lost, {tried} refusals noticed")


def freeze(made: Site, parts: dict[str, Part], jobs: dict[str, int]) -> int:
    """Stop the workers that run ``jobs``, models and all, until the jobs are with others; how many that were."""
    held = [one for one in made.desk("jobs") if one["job"] in jobs and one["state"] == "running"]
    mains = [main for name in {one["worker"] for one in held} if (main := parts[name].main()) is not None]
    models = [model for name in {one["worker"] for one in held} for model in children(parts[name])]
    for process in (*models, *mains):
        with suppress(psutil.NoSuchProcess):
            process.suspend()
    wait_until(lambda: taken_over(made, {one["job"]: one["attempt"] for one in held}), "others to take over", 30)
    for process in (*mains, *models):
        if lives(process):
            process.resume()
    return len(mains)


def taken_over(made: Site, victims: dict[str, int]) -> bool:
    rows = {one["job"]: one for one in made.desk("jobs")}
    return all(rows[job]["attempt"] > number or rows[job]["state"] == "done" for job, number in victims.items())


def stale_writes(kept: Json) -> list[Json]:
    """What an attempt wrote after its end: it must be nothing."""
    ended = {one["number"]: one["ended"] for one in kept["attempts"] if one["outcome"] != "done"}
    written = [*kept["shards"], *kept["logs"], *kept["results"]]
    return [one for one in written if one["attempt"] in ended and one["at"] > ended[one["attempt"]]]


def test_a_partitioned_worker_kills_its_child(here: Site) -> None:
    """No network at all: the platform cannot say that the lease is over, so the worker's own clock does."""
    with network(here.url) as net:
        first = here.add_worker("first", slots=1, url=net.url, broker="")
        job = here.queue(seed=7, pause=0.04)
        here.until_shards(job, 1)
        (model,) = children(first)
        net.cut.set()
        began = time.monotonic()
        wait_until(lambda: not lives(model), "the model's process to be ended by its worker", here.lease + 3)
        assert first.alive and time.monotonic() - began <= here.lease + 1.5
        here.add_worker("second", slots=1)
        here.until(job)
        net.cut.clear()
        kept = is_right(here, job, 7)
        assert [one["worker"] for one in kept["attempts"]] == ["first", "second"]
        later = here.queue(seed=8)  # the network is back: the worker serves again
        here.part("second").stop()
        here.until(later)
        assert is_right(here, later, 8)["attempts"][-1]["worker"] == "first"


def test_each_calls_answer_lost_once_doubles_nothing(here: Site) -> None:
    with network(here.url) as net:
        net.lose = True
        here.add_worker("first", slots=1, url=net.url, broker="")
        job = here.queue(seed=9, pause=0.01, says=True)
        here.until(job)
        kept = is_right(here, job, 9)
        bad = here.queue(seed=10, at=" 0 x", does="raise")
        here.until(bad)
        lost = {kind.removeprefix("/") for kind in net.lost}
    assert len(kept["attempts"]) == 1, "the same lease was given again for the same key"
    log = "".join(part["text"] for part in kept["logs"])
    assert Counter(asked(log)) == Counter(dict.fromkeys(asked(log), 1)) and len(asked(log)) == ROWS * len(TASKS)
    base = "/api/worker/v1"
    expected = {f"POST {base}/register", f"POST {base}/leases", f"GET {base}/attempts/*/"}
    expected |= {f"POST {base}/attempts/*/{what}" for what in ("heartbeat", "logs", "result", "fault")}
    assert lost >= {*expected, f"PUT {base}/attempts/*/shards"}, lost
    assert here.job(bad)["attempt"] == 1 and here.record(bad)["attempts"][0]["outcome"] == "failed"


def test_the_model_hears_of_a_cancel_within_five_seconds(tmp_path: Path, template: Path) -> None:
    """At the heartbeat and the lease of production: queued, downloading, and running."""
    default = {"LANDBRIDGE_HEARTBEAT_SECONDS": "4", "LANDBRIDGE_LEASE_SECONDS": "45"}
    with site(tmp_path / "home", template, **default) as made, network_of(made) as net:
        queued = made.queue(seed=11)
        assert made.desk("cancel", job=queued) == "cancelled"
        first = made.add_worker("first", slots=1, url=net.url, broker="")
        running = made.queue(seed=12, at=" 9 y", does="hang")
        made.until(running, "running")
        wait_until(lambda: bool(children(first)), "the model's process")
        (model,) = children(first)
        assert seconds_to_cancel(made, running) <= 5 and not lives(model)
        net.slow["/resolve/"] = 30.0  # a download that hangs
        leased = made.queue(seed=13)
        made.until(leased, "leased")
        assert seconds_to_cancel(made, leased) <= 5


def network_of(made: Site) -> AbstractContextManager[Network]:
    made.suite = made.desk("plant")
    made.add_web(workers=1)
    made.add_sweeper()
    return network(made.url)


def seconds_to_cancel(made: Site, job: str) -> float:
    made.desk("cancel", job=job)
    began = time.monotonic()
    made.until(job, "cancelled", seconds=30)
    return time.monotonic() - began


def test_a_dead_hosts_job_is_leased_anew_at_the_times_of_production(tmp_path: Path, template: Path) -> None:
    """Lease 45 s and sweep 10 s: within 75 s. A minute long, so only in the proof."""
    if not PROOF_SCALE:
        pytest.skip("a minute long: part of make proof")
    default = {"LEASE": "45", "HEARTBEAT": "4", "SWEEP": "10", "REWAKE": "30"}
    with site(tmp_path / "home", template, **{f"LANDBRIDGE_{k}_SECONDS": v for k, v in default.items()}) as made:
        made.suite = made.desk("plant")
        made.add_web(workers=1)
        made.add_sweeper()
        first = made.add_worker("first", slots=1)
        job = made.queue(seed=1, pause=0.05)
        made.until_shards(job, 1)
        lose_host(first)
        gone_at = made.desk("now")
        made.add_worker("second", slots=1)
        made.until(job, seconds=120)
        anew = is_right(made, job, 1)["attempts"][1]["started"] - gone_at
        tell(f"a dead host's job was leased anew after {anew:.1f} s at lease 45 s and sweep 10 s")
        assert anew <= 75
