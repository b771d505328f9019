"""The Celery app of workers. Its one task pokes an idle slot and returns: a wake-up never runs a job.

A long body would keep the next message unacknowledged until the broker closes the channel (execution, section 4).
"""

import logging
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from celery import Celery

from landbridge_evaluation.broker import CPU, FILESYSTEM, GPU, celery_settings

log = logging.getLogger(__name__)
WAKE = "landbridge.wake"
QUEUE = CPU
RESTART = 5.0  # seconds until a consumer that died is started again


def queues_of(labels: Sequence[str]) -> tuple[str, ...]:
    """What a worker with ``labels`` listens to. A hint only: the lease decides who runs what."""
    return (CPU, GPU) if "gpu" in labels else (CPU,)


def make_app(url: str, default: Path, poke: Callable[[str], None], queues: Sequence[str] = (CPU,)) -> Celery:
    """An app that reads ``queues`` and whose ``landbridge.wake`` calls ``poke``.

    ``filesystem://DIR`` names the folder of the embedded broker; bare ``filesystem://`` means ``default``. Raises
    ``ValueError`` for a broker that cannot be used.
    """
    named = url.removeprefix(FILESYSTEM) if url.startswith(FILESYSTEM) else ""
    folder = Path(named) if named else default
    settings = celery_settings(FILESYSTEM if url.startswith(FILESYSTEM) else url, folder, reads=queues)
    app = Celery("landbridge_evaluation.worker", set_as_current=False)
    app.conf.update(settings)

    @app.task(name=WAKE, acks_late=False, ignore_result=True)
    def wake(job_id: str) -> None:
        poke(str(job_id))

    return app


class Consumer:
    """Reads wake-ups on a thread of this process. When it fails, polling goes on, and it is started again."""

    def __init__(self, app: Celery) -> None:
        self.app = app
        self.ended = threading.Event()
        self.worker: Any = None  # celery's controller has no types
        self.thread = threading.Thread(target=self._run, name="wake-ups", daemon=True)

    def start(self) -> None:
        self.thread.start()

    def stop(self) -> None:
        self.ended.set()
        if self.worker is not None:
            self.worker.stop()
        self.thread.join(timeout=5)

    def _run(self) -> None:
        while not self.ended.is_set():
            try:
                self.worker = self.app.WorkController(
                    app=self.app,
                    pool="solo",
                    concurrency=1,
                    queues=[one.name for one in self.app.conf.task_queues],
                    without_mingle=True,
                    without_gossip=True,
                    without_heartbeat=True,
                    loglevel="WARNING",
                )
                self.worker.start()
            except BaseException as error:  # noqa: BLE001 celery ends itself by SystemExit, too
                log.warning("the consumer of wake-ups ended: %s: %s", type(error).__name__, error)
            self.ended.wait(RESTART)
