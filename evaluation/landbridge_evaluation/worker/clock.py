"""Deadlines on a clock that runs on while the machine sleeps: a suspended host must not wake up as owner of a lease."""

import time
from dataclasses import dataclass

_CLOCK = getattr(time, "CLOCK_BOOTTIME", None)  # Linux; elsewhere the monotonic clock has to do


def now() -> float:
    """Seconds since the machine started, suspended ones included."""
    return time.clock_gettime(_CLOCK) if _CLOCK is not None else time.monotonic()


@dataclass(slots=True)
class Deadline:
    """Until when a lease is ours: when the last granted request was *sent*, plus what the answer granted."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        return cls(now() + seconds)

    def extend(self, sent: float, seconds: float) -> None:
        self.at = max(self.at, sent + seconds)

    @property
    def left(self) -> float:
        return self.at - now()

    @property
    def passed(self) -> bool:
        return self.left <= 0
