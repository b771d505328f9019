"""Heartbeats on a thread of their own: a lease lives as long as they are granted, however busy the slot is."""

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from landbridge_evaluation.worker.api import AttemptApi, Refused, Unreachable
from landbridge_evaluation.worker.clock import now
from landbridge_evaluation.worker.logs import LogSender
from landbridge_evaluation.worker.signals import CANCEL, FENCED, RELEASE, Stop

log = logging.getLogger(__name__)
AT_MOST_EVERY = 1.0  # seconds between beats that carry new progress
Sample = Callable[[], list[dict[str, Any]]]  # how busy each GPU is, where that was measured anew
OBEYS_WITHIN = 0.6  # seconds that a slot has to end what it runs before the heart answers a cancel for it


class Heart:
    """Use as a context manager around an attempt. Sends progress and new log lines, obeys directives."""

    def __init__(self, api: AttemptApi, stop: Stop, logs: LogSender, every: float, sample: Sample = list) -> None:
        self.api, self.stop, self.logs, self.every, self.sample = api, stop, logs, every, sample
        self.state = "leased"
        self.progress: dict[str, Any] = {"stage": "downloading", "items_done": 0, "items_total": 0, "memory_mb": 0}
        self.moved, self.ended = threading.Event(), threading.Event()
        self.thread = threading.Thread(target=self._beat, name=f"heart-{api.job[-6:]}", daemon=True)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self.moved.set()
        self.thread.join()

    def tell(self, state: str, **progress: Any) -> None:  # noqa: ANN401 JSON
        changed = {**self.progress, **progress}
        if state != self.state or changed != self.progress:
            self.state, self.progress = state, changed
            self.moved.set()

    def _beat(self) -> None:
        last = 0.0
        while not self.ended.is_set():
            self.moved.clear()
            last = now()
            self._once()
            self.moved.wait(self.every)
            rest = min(AT_MOST_EVERY, self.every) - (now() - last)
            if rest > 0:
                self.ended.wait(rest)

    def _once(self) -> None:
        try:
            gpus = self.sample()
            more = {"gpus": gpus} if gpus else {}
            answer = self.api.heartbeat({"state": self.state, **self.progress, **more})
            self.logs.send()
        except Refused as refusal:
            if refusal.lost:
                self.stop.tell(FENCED)
            log.warning("heartbeat of job %s refused: %s", self.api.job, refusal)
        except Unreachable as trouble:
            log.info("heartbeat of job %s: %s", self.api.job, trouble)
        else:
            if answer["directive"] == RELEASE:
                self.stop.give_back()
            elif answer["directive"] == CANCEL:
                self.stop.tell(CANCEL)
                self._cancel()

    def _cancel(self) -> None:
        """The slot gives the job back. One that hangs, say in a download, must not hold up who asked to cancel."""
        if not self.ended.wait(OBEYS_WITHIN):
            with suppress(Refused, Unreachable):
                self.api.release(CANCEL)
