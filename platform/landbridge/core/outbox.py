"""The only way to start later work. Sends after commit; the row is the truth, so a lost message is no loss.

A request never talks to the broker: it fills a bounded queue, and a daemon thread of this process publishes. When the
broker is down or slow, messages are dropped and the sweeper finds the rows.
"""

import contextlib
import logging
import os
import queue
import threading
from collections import defaultdict
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction

from landbridge.celery import app
from landbridge_evaluation.broker import CONFIRM_S, EXPIRES_S

log = logging.getLogger(__name__)
SUBSCRIBERS: dict[str, list[str]] = defaultdict(list)
CAPACITY = 10_000
REST_S = 1.0  # after a failure: a broker that is down is not asked for each message


@dataclass(frozen=True, slots=True)
class Message:
    task: str
    identity: str
    queue: str


kept: list[Message] = []  # with LANDBRIDGE_OUTBOX = "off": what would have been sent
_pending: "queue.Queue[Message]" = queue.Queue(CAPACITY)
_publisher: tuple[int, threading.Thread] | None = None
_starting = threading.Lock()


def wake(task: str, identity: object, *, queue: str) -> None:
    """Send ``task`` a wake-up for ``identity`` once the open transaction commits."""
    message = Message(task, str(identity), queue)

    def send() -> None:  # not a partial: when a robust callback fails, Django logs its __qualname__
        if settings.LANDBRIDGE_OUTBOX == "off":
            kept.append(message)
            return
        _ensure_publisher()
        with contextlib.suppress(_Full):
            _pending.put_nowait(message)

    # robust: a broker that is down must not fail a request whose row is safe
    transaction.on_commit(send, robust=True)  # noqa: TID251 the one place


def subscribe(event: str, task: str) -> None:
    """Listen to ``event``. Called in ``AppConfig.ready``: upper apps listen, lower apps never import them."""
    if task not in SUBSCRIBERS[event]:
        SUBSCRIBERS[event].append(task)


def publish(event: str, identity: object) -> None:
    """Wake every subscriber of ``event`` once the open transaction commits."""
    for task in SUBSCRIBERS[event]:
        wake(task, identity, queue="control")


_Full = queue.Full


def _ensure_publisher() -> None:
    """One publishing thread per process, started after any fork."""
    global _publisher  # noqa: PLW0603 the process has one
    with _starting:
        if _publisher is None or _publisher[0] != os.getpid() or not _publisher[1].is_alive():
            thread = threading.Thread(target=_publish_forever, name="outbox", daemon=True)
            _publisher = (os.getpid(), thread)
            thread.start()


def _publish_forever() -> None:
    rest = threading.Event()
    while True:
        message = _pending.get()
        try:
            _send(message)
        except Exception as error:  # noqa: BLE001 any broker, any fault: the sweeper repairs it
            log.warning(
                "wake-up %s for %s was not sent: %s; %s more are dropped, too",
                *(message.task, message.identity, type(error).__name__, _drop_pending()),
            )
            # an answer that comes late must not be taken for the next message's
            app.pool.force_close_all(close_pool=False)  # type: ignore[attr-defined] # celery-types lacks it
            app.amqp.producer_pool.force_close_all(close_pool=False)  # type: ignore[attr-defined] # as above
            rest.wait(REST_S)


def _send(message: Message) -> None:
    """Within a few seconds, or not at all: connecting, writing and the broker's word are all bounded."""
    app.send_task(
        message.task, args=[message.identity], queue=message.queue, retry=False, expires=EXPIRES_S,
        confirm_timeout=CONFIRM_S,
    )  # fmt: skip


def _drop_pending() -> int:
    """What waits behind a message that could not be sent would only come late: the rows are found by the sweeper."""
    dropped = 0
    with contextlib.suppress(queue.Empty):
        while True:
            _pending.get_nowait()
            dropped += 1
    return dropped
