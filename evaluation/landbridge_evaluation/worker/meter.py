"""How busy a slot's GPUs are, measured now and then, on a thread of its own: a driver may hang, heartbeats must not."""

import threading
from typing import Any, Final

from landbridge_evaluation.worker import devices
from landbridge_evaluation.worker.clock import now
from landbridge_evaluation.worker.devices import Slot

EVERY_S: Final = 30.0


class Meter:
    """Of one slot. Costs nothing where that has no GPU."""

    def __init__(self, slot: Slot) -> None:
        self.mine = {one.uuid for one in slot.devices}
        self.lock = threading.Lock()
        self.found: list[dict[str, Any]] = []
        self.began = now() - EVERY_S
        self.busy = False

    def fresh(self) -> list[dict[str, Any]]:
        """What was measured since the last call; mostly nothing. Never waits."""
        if not self.mine:
            return []
        with self.lock:
            found, self.found = self.found, []
            due = not self.busy and now() - self.began >= EVERY_S
            self.busy = self.busy or due
        if due:
            threading.Thread(target=self._measure, name="meter", daemon=True).start()
        return found

    def _measure(self) -> None:
        found = [one for one in devices.load() if one["uuid"] in self.mine]
        with self.lock:
            self.found, self.began, self.busy = found, now(), False
