"""Two who write to one job at once. On SQLite one of them waits before it looks, so these need row locks."""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType

import pytest
from django.db import connection

from landbridge.accounts.models import User
from landbridge.evaluations import services, steps
from landbridge.evaluations.machine import JobState
from landbridge.evaluations.models import Attempt, Job
from landbridge.evaluations.services import requests
from landbridge.evaluations.values import Registration
from tests.jobs.ground import LABELS, Bench, bench, queue

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


@pytest.fixture
def one(transactional_db: None) -> Iterator[Bench]:
    if connection.vendor != "postgresql":
        pytest.skip("PostgreSQL alone has row locks.")
    yield bench()
    connection.close()


def at_once(
    first: Callable[[], object], second: Callable[[], object], place: tuple[ModuleType, str], patch: pytest.MonkeyPatch
) -> None:
    """Hold ``first`` before its commit, at ``place``, where it tells its state, until ``second`` waits for its row."""
    held, go, tell = threading.Event(), threading.Event(), getattr(*place)

    def pause(*args: object, **kwargs: object) -> object:
        if not held.is_set():
            held.set()
            assert go.wait(10)
        return tell(*args, **kwargs)

    def alone(deed: Callable[[], object]) -> None:
        try:
            deed()
        finally:
            connection.close()

    patch.setattr(*place, pause)
    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(alone, first)]
        assert held.wait(10)
        done.append(pool.submit(alone, second))
        try:
            await_one_that_waits()
        finally:
            go.set()
        for one in done:
            one.result(10)


def await_one_that_waits() -> None:
    pause = threading.Event()
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        pause.wait(0.02)
    pytest.fail("Nobody came to wait for the row.")


def test_a_cancel_while_the_worker_gives_the_job_back_ends_it(
    one: Bench, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(ada)
    number = one.lease().json()["attempt"]
    at_once(
        lambda: services.release_job(
            job_id=job.pk, number=number, worker=one.worker, reason="shutdown", actor=one.worker.user
        ),
        lambda: services.cancel_job(job_id=job.pk, actor=ada),
        (steps, "move_and_tell"),
        monkeypatch,
    )
    job.refresh_from_db()
    assert (job.state, job.cancel_requested) == (JobState.CANCELLED, True)


def test_a_worker_that_starts_anew_while_its_job_is_cancelled_does_not_queue_it_again(
    one: Bench, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = queue(ada)
    one.lease()
    anew = Registration(instance=uuid.uuid4(), labels=LABELS, public_key=one.signer.public_hex, slots=1)
    at_once(
        lambda: services.cancel_job(job_id=job.pk, actor=ada),
        lambda: services.register_worker(registration=anew, pool="operator", actor=one.worker.user),
        (requests, "tell_state"),
        monkeypatch,
    )
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED and Attempt.objects.get().outcome == "cancelled"
    assert Job.objects.count() == 1
