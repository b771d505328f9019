"""Long polls: a worker without a broker asks once and is answered when there is work, within bounds.

A held question keeps a thread but no transaction; only so many are held at once in a process, the others are answered.
"""

import threading
import time as clocks
from collections.abc import Collection
from typing import Final

from django.conf import settings

from landbridge.evaluations import choosing
from landbridge.evaluations.models import Worker

LONGEST: Final = 20.0  # seconds
EVERY: Final = 0.5  # seconds between looks


class Waiters:
    """The questions that this process holds."""

    def __init__(self) -> None:
        self.held, self.lock = 0, threading.Lock()

    def wait(self, worker: Worker, labels: Collection[str], seconds: float) -> bool:
        """Until there is something for ``worker``, for ``seconds`` at most. False: nothing came, or too many wait."""
        until = clocks.monotonic() + min(seconds, LONGEST)
        if seconds <= 0 or not self._enter():
            return False
        pause = threading.Event()
        try:
            while clocks.monotonic() < until:
                pause.wait(min(EVERY, max(0.0, until - clocks.monotonic())))
                if choosing.lots(worker, labels):
                    return True
        finally:
            self._leave()
        return False

    def _enter(self) -> bool:
        with self.lock:
            free = self.held < settings.LANDBRIDGE_WAITERS
            self.held += free
            return free

    def _leave(self) -> None:
        with self.lock:
            self.held -= 1


waiters: Final = Waiters()
