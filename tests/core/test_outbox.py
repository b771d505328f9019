"""Wake-ups go out after commit, from a thread of their own, and a dead broker hurts nobody."""

import threading
import time

import pytest
from django.db import transaction
from pytest_django.fixtures import Settings

from landbridge.celery import app
from landbridge.core import outbox

EVENT = "test.happened"


@pytest.fixture(autouse=True)
def _subscribed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(outbox.SUBSCRIBERS, EVENT, ["landbridge.tests.task"])


def test_nothing_is_sent_before_the_commit_or_after_a_rollback(transactional_db: None) -> None:
    with transaction.atomic():
        outbox.publish(EVENT, 1)
        transaction.set_rollback(True)
    assert outbox.kept == []
    with transaction.atomic():
        outbox.publish(EVENT, 2)
        assert outbox.kept == []
    assert outbox.kept == [outbox.Message("landbridge.tests.task", "2", "control")]


def test_a_broker_that_hangs_does_not_hold_a_request(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LANDBRIDGE_OUTBOX = "broker"
    released, asked = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        asked.set()
        released.wait(20)

    monkeypatch.setattr(app, "send_task", hang)
    started = time.monotonic()
    with transaction.atomic():
        outbox.publish(EVENT, 1)
    assert time.monotonic() - started < 5
    assert asked.wait(10)
    released.set()


def test_what_waits_behind_a_failure_is_dropped(
    transactional_db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweeper finds the rows; a backlog would only come late."""
    settings.LANDBRIDGE_OUTBOX = "broker"
    asked, released = threading.Event(), threading.Event()

    def fail(*_: object, **options: object) -> None:
        assert options["confirm_timeout"] and options["expires"] and options["retry"] is False
        asked.set()
        released.wait(20)
        raise TimeoutError

    monkeypatch.setattr(app, "send_task", fail)
    monkeypatch.setattr(outbox, "REST_S", 0.01)
    with transaction.atomic():
        for number in range(50):
            outbox.publish(EVENT, number)
    assert asked.wait(10)
    released.set()
    until = time.monotonic() + 10
    while not outbox._pending.empty():
        assert time.monotonic() < until
        asked.wait(0.01)
