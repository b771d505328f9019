"""The whole path with real processes: a job runs to its signed result, and a killed worker costs one shard at most."""

import signal
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from landbridge.core import sweeps
from landbridge.core.signing import platform_signer
from landbridge.evaluations import services
from landbridge.evaluations.machine import TERMINAL, JobState
from landbridge.evaluations.models import Attempt, Job, JobEvent, Result, Score, Shard
from landbridge.leaderboards.models import Entry
from landbridge_client import dsse
from landbridge_evaluation.broker import celery_settings
from landbridge_evaluation.worker.app import QUEUE, make_app
from landbridge_plugins import PerturbationUse
from tests.jobs.machinery import ROWS, Machinery, gone, kill, machinery, shards_in, state_of, wait_for

SHARD = 1024


@pytest.fixture
def slow(live_server: LiveServer, tmp_path: Path, settings: Settings) -> Machinery:
    """A model that takes about a second per shard; leases of two seconds."""
    settings.LANDBRIDGE_LEASE = timedelta(seconds=3)
    settings.LANDBRIDGE_HEARTBEAT = timedelta(seconds=0.5)
    return machinery(live_server.url, tmp_path / "machinery", pause=0.0015)


def ends(job: Job, slow: Machinery) -> Job:
    """Sweep until the job has ended; its row."""

    def ended() -> bool:
        sweeps.run_once()
        return state_of(job) in TERMINAL

    wait_for(ended, f"the end of a job that is {state_of(job)}: {slow.log()[-2000:]}")
    return Job.objects.get(pk=job.pk)


def is_whole(job: Job) -> None:
    """One result, right and signed, however it came about."""
    assert job.state == JobState.DONE, job.fault
    result = Result.objects.get()
    score = Score.objects.get(primary=True)
    assert (score.value, score.n, score.missing) == (1.0, ROWS, "")
    assert score.lo is not None and 0.99 < score.lo < 1.0
    keys = [dsse.Key.from_hex(result.worker.public_key), platform_signer().key]
    assert dsse.verify(result.envelope, keys).anchored
    seqs = list(JobEvent.objects.filter(job=job).values_list("seq", flat=True))
    assert seqs == list(range(1, len(seqs) + 1))


def repeated(slow: Machinery) -> int:
    """How many items the model was asked more than once."""
    return sum(count - 1 for count in Counter(slow.asked.read_text().splitlines()).values())


def test_a_job_runs_from_the_queue_to_the_board(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")):
        is_whole(ends(job, slow))
    sweeps.settle()
    assert repeated(slow) == 0 and Attempt.objects.get().outcome == "done"
    assert Entry.objects.get(task__name="ends_in_y").rank == 1
    states = [one.data["state"] for one in JobEvent.objects.filter(kind="state")]
    assert states == ["queued", "leased", "running", "finalizing", "done"]
    assert JobEvent.objects.filter(kind="log").exists()


def test_a_job_runs_the_perturbations_of_its_task_behind_the_clean_rows(slow: Machinery) -> None:
    slow.perturbations = (PerturbationUse(name="char_repeat", strengths=(1,)),)
    job = slow.queue()
    with slow.worker(slow.token("one")):
        is_whole(ends(job, slow))
    assert repeated(slow) == 0 and Shard.objects.count() == 2 * ROWS // SHARD
    found = Result.objects.get().body["tasks"]["ends_in_y"]["perturbations"]["char_repeat@1"]
    assert (found["n"], found["changed"], found["value"], found["drop"]) == (ROWS, ROWS, 1.0, 0.0)


def test_a_worker_killed_in_mid_job_costs_at_most_one_shard(slow: Machinery) -> None:
    job, token = slow.queue(), slow.token("one")
    with slow.worker(token) as process:
        wait_for(lambda: shards_in(job) >= 1, f"a shard: {slow.log()}")
        children = kill(process)
    kept = {one.index: one.sha256 for one in Shard.objects.exclude(sha256="")}
    assert state_of(job) in {JobState.RUNNING, JobState.FINALIZING} and children
    wait_for(lambda: gone(children), "the end of the model's process, which dies with its worker")
    with slow.worker(token):  # the service manager starts it again
        done = ends(job, slow)
    is_whole(done)
    assert done.attempt == 2 and repeated(slow) <= SHARD
    assert {one.index: one.sha256 for one in Shard.objects.filter(attempt=1)} == kept, "what was in was not run again"
    assert list(Attempt.objects.order_by("number").values_list("outcome", flat=True)) == ["lost", "done"]


def test_another_worker_takes_over_when_one_is_gone_for_good(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")) as process:
        wait_for(lambda: shards_in(job) >= 1, f"a shard: {slow.log()}")
        kill(process)
    with slow.worker(slow.token("two"), name="two"):
        done = ends(job, slow)
    is_whole(done)
    assert Result.objects.get().worker.name == "two" and repeated(slow) <= SHARD
    assert done.attempt == 2


def test_a_frozen_worker_that_wakes_up_writes_nothing(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")) as frozen:
        wait_for(lambda: shards_in(job) >= 1, f"a shard: {slow.log()}")
        frozen.send_signal(signal.SIGSTOP)
        with slow.worker(slow.token("two"), name="two"):
            done = ends(job, slow)
            frozen.send_signal(signal.SIGCONT)
            wait_for(
                lambda: "refused" in slow.log() or "lease_lost" in slow.log() or "stops" in slow.log(), "the zombie"
            )
    is_whole(done)
    assert Result.objects.get().worker.name == "two"
    assert Attempt.objects.get(number=1).outcome == "lost"


def test_a_stopping_worker_gives_its_job_back_between_shards(slow: Machinery) -> None:
    job, token = slow.queue(), slow.token("one")
    with slow.worker(token) as process:
        wait_for(lambda: shards_in(job) >= 1, f"a shard: {slow.log()}")
        process.terminate()
        assert process.wait(timeout=30) == 0
    row = Job.objects.get()
    assert (row.state, row.no_progress, Attempt.objects.get().outcome) == (JobState.QUEUED, 0, "released")
    with slow.worker(token):
        is_whole(ends(job, slow))
    assert repeated(slow) == 0


def test_a_cancelled_job_ends_its_child(slow: Machinery) -> None:
    job = slow.queue()
    with slow.worker(slow.token("one")):
        wait_for(lambda: state_of(job) == JobState.RUNNING, f"a running job: {slow.log()}")
        services.cancel_job(job_id=job.pk, actor=job.requested_by)
        wait_for(lambda: state_of(job) == JobState.CANCELLED, f"the end: {slow.log()}", seconds=15)
    assert not Result.objects.exists()


def test_a_wake_up_by_the_folder_broker_starts_a_job_at_once(slow: Machinery, tmp_path: Path) -> None:
    """A real Celery consumer in the worker's process; the worker would else look again after ten seconds."""
    broker = tmp_path / "broker"
    celery_settings("filesystem://", broker)
    token = slow.token("one")
    with slow.worker(token, broker=f"filesystem://{broker}"):
        wait_for((slow.home / "one" / "key.pem").exists, f"the worker: {slow.log()}")
        sender = make_app(f"filesystem://{broker}", broker, lambda _job: None)
        job = slow.queue()
        sender.send_task("landbridge.wake", args=[job.pk], queue=QUEUE)
        wait_for(lambda: state_of(job) != JobState.QUEUED, f"the lease: {slow.log()}", seconds=30)
        wait_for(lambda: any((broker / "processed").glob("*.wake.cpu.msg")), "the message to be read", seconds=10)
        is_whole(ends(job, slow))
