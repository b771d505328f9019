"""Long polls: answered when there is work, within bounds, and only so many at once."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from pytest_django import Settings

from landbridge.accounts.models import User
from landbridge.evaluations.polling import waiters
from tests.jobs.ground import Bench, bench, model, queue, suite


@pytest.fixture
def one(transactional_db: None) -> Iterator[Bench]:
    suite()
    yield bench()
    connection.close()


def poll(one: Bench, seconds: float) -> tuple[int, float]:
    started = time.monotonic()
    try:
        answer = one.call("POST", "leases", {"wait_s": seconds}, headers={"Idempotency-Key": f"k{started}"})
        return answer.status_code, time.monotonic() - started
    finally:
        connection.close()


def test_a_question_is_held_until_there_is_work(one: Bench, ada: User) -> None:
    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(poll, one, 20.0)
        threading.Event().wait(1.0)
        queue(ada, model())
        status, seconds = held.result(timeout=25)
    assert status == 201 and seconds < 15
    assert waiters.held == 0


def test_nothing_comes_and_the_question_ends_in_time(one: Bench) -> None:
    status, seconds = poll(one, 1.0)
    assert status == 204 and 1.0 <= seconds < 10


def test_who_finds_no_place_is_answered_at_once(one: Bench, settings: Settings) -> None:
    settings.LANDBRIDGE_WAITERS = 0
    status, seconds = poll(one, 20.0)
    assert status == 204 and seconds < 10
