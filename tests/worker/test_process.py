"""The process: what it promises about containment, how it is told to give a job back, and how it ends."""

import dataclasses
import signal
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from landbridge.accounts.clock import clock
from landbridge.evaluations import services
from landbridge.evaluations.models import Attempt, Worker
from landbridge_evaluation import worker_cli
from landbridge_evaluation.cli import main
from landbridge_evaluation.sandbox import Probe
from landbridge_evaluation.worker import containment, signals
from landbridge_evaluation.worker.clock import Deadline
from landbridge_evaluation.worker.containment import ASK_EVERY_S, Containment, described
from landbridge_evaluation.worker.devices import Device, Slot
from landbridge_evaluation.worker.process import ISOLATED, Setup
from landbridge_evaluation.worker.process import Worker as Process
from landbridge_evaluation.worker.signals import DRAIN, RELEASE, Drain, Stop
from tests.jobs.machinery import Machinery, machinery, shards_in, state_of, wait_for

HOLDS = Probe(
    tier="bwrap", passed=True, passed_at="2026-01-01T00:00:00+00:00", sha256="a" * 64, profile_sha256="b" * 64
)
LEAKS = Probe(tier="bwrap", passed=False, why="Not contained: env.")


class Asked:
    """Probes that were asked for, with the answers to give."""

    def __init__(self, *answers: Probe) -> None:
        self.answers, self.fresh = list(answers), list[bool]()

    def __call__(self, _home: Path, *, fresh: bool = False) -> Probe:
        self.fresh.append(fresh)
        return self.answers.pop(0)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 a function
    """Let time pass for the containment's clock."""
    passed = [1000.0]
    monkeypatch.setattr(containment, "now", lambda: passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait


def process(made: Containment, tmp_path: Path, *slots: Slot) -> Process:
    worker = Process(Setup(url="http://127.0.0.1:1", token="lb_x", home=tmp_path, slots=slots or (Slot(number=0),)))  # noqa: S106 of no site
    worker.containment = made
    return worker


def test_the_label_stands_only_while_the_probe_holds(tmp_path: Path, later: Any) -> None:  # noqa: ANN401
    asked = Asked(HOLDS, HOLDS, LEAKS)
    worker = process(Containment(tmp_path, asked), tmp_path)
    (slot,) = worker.setup.slots
    assert ISOLATED in worker.labels(slot) and asked.fresh == [False]
    later(ASK_EVERY_S + 1)
    assert ISOLATED in worker.labels(slot) and len(asked.fresh) == 2, "it is asked whether the day is over"
    later(ASK_EVERY_S + 1)
    assert ISOLATED not in worker.labels(slot)


def test_a_child_that_could_not_be_contained_ends_the_promise_until_a_fresh_probe(tmp_path: Path, later: Any) -> None:  # noqa: ANN401
    asked = Asked(HOLDS, HOLDS)
    worker = process(Containment(tmp_path, asked), tmp_path)
    (slot,) = worker.setup.slots
    worker.containment.withdraw("bwrap: no new namespace")
    assert ISOLATED not in worker.labels(slot)
    assert described(worker.containment.current()) == {
        "tier": "none",
        "why": "bwrap: no new namespace",
    }
    later(ASK_EVERY_S + 1)
    assert ISOLATED in worker.labels(slot) and asked.fresh == [False, True], "a kept verdict is not believed again"


def test_what_is_registered_names_the_probe_and_each_slots_class(tmp_path: Path) -> None:
    gpu = Device(uuid="GPU-1", name="H100", memory_mb=81559, capability="9.0", files=("/dev/nvidia0",))
    shared = dataclasses.replace(gpu, uuid="MIG-1", part=True)
    one, two, three = (Slot(number=0, devices=(gpu,)), Slot(number=1), Slot(number=2, devices=(shared,)))
    worker = process(Containment(tmp_path, Asked(HOLDS)), tmp_path, one, two, three)
    said = worker.facts(_signer(tmp_path))
    assert said["sandbox"] == {"tier": "bwrap", "profile_sha256": "b" * 64,
                               "probe": {"passed_at": HOLDS.passed_at, "sha256": "a" * 64}}  # fmt: skip
    assert [device["class"] for device in said["devices"]] == ["cuda:sm90", "cuda:sm90"] and said["slots"] == 3
    assert {"class:cuda:sm90", "class:cpu", "gpu.80"} <= set(said["labels"])
    assert "class:cpu" in worker.labels(two) and "gpu" not in worker.labels(two)
    assert ISOLATED in worker.labels(one) and ISOLATED not in worker.labels(three)


def _signer(tmp_path: Path) -> Any:  # noqa: ANN401 a signer
    from landbridge_evaluation.worker.process import load_key  # noqa: PLC0415 its one user

    return load_key(tmp_path / "key.pem")


def test_a_job_that_the_platform_wants_back_has_its_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    stop = Stop(Deadline.after(60), Drain())
    stop.give_back()
    assert stop.draining and stop.reason() is None
    stop.wanted_back = Deadline.after(-1)
    assert stop.reason() == RELEASE
    monkeypatch.setattr(signals, "GRACE", 60)


def test_a_second_signal_shortens_the_grace_and_never_lengthens_it() -> None:
    drain = Drain()
    drain.start(0.0, why="disk_full")
    drain.start(60)
    assert drain.over and drain.why == "disk_full"
    assert Stop(Deadline.after(60), drain).reason() == DRAIN


@pytest.mark.parametrize("label", ["isolated", "gpu.80", "class:cpu", "model:x"])
def test_nobody_gives_a_label_that_a_machine_has_to_earn(
    label: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["worker", "--url", "http://127.0.0.1:1", "--token", "lb_x", "--home", str(tmp_path), "--labels", label]
    assert main(words) == worker_cli.USAGE and label in capsys.readouterr().err


@pytest.fixture
def slow(live_server: LiveServer, tmp_path: Path, settings: Settings) -> Machinery:
    settings.LANDBRIDGE_LEASE = timedelta(seconds=10)
    settings.LANDBRIDGE_HEARTBEAT = timedelta(seconds=0.5)
    return machinery(live_server.url, tmp_path / "machinery", pause=0.004)  # four seconds a shard


def test_a_second_signal_ends_a_worker_at_once_and_its_job_is_given_back(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")) as worker:
        wait_for(lambda: state_of(job) == "running", "the job to run")
        worker.send_signal(signal.SIGTERM)
        threading.Event().wait(0.5)  # a moment in which it must not end
        assert worker.poll() is None, "the running shard has its grace"
        began = time.monotonic()
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(15) == 0 and time.monotonic() - began < 10
    attempt = Attempt.objects.get(job=job)
    assert (state_of(job), attempt.outcome, attempt.counted) == ("queued", "released", False)


def test_a_drain_from_the_page_lets_the_shard_end_and_gives_the_rest_back(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")) as worker:
        wait_for(lambda: state_of(job) == "running", "the job to run")
        services.drain_worker(worker_id=Worker.objects.get().pk, actor=clock())
        wait_for(lambda: state_of(job) == "queued", "the job to be given back")
        assert worker.poll() is None, "the process goes on, and takes jobs again when it is let"
    attempt = Attempt.objects.get(job=job)
    assert shards_in(job) == 1 and (attempt.outcome, attempt.counted) == ("released", False)
