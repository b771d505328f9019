"""Why an attempt must end before it is done: told by the platform, by the lease's end, or by a stopping process."""

import threading

from landbridge_evaluation.worker.clock import Deadline

GRACE = 20.0  # seconds that a running shard has after SIGTERM

CANCEL, RELEASE, FENCED, LEASE_LOST, DRAIN = "cancel", "release", "fenced", "lease_lost", "drain"


class Drain:
    """Of the whole process: no new lease; running attempts have ``GRACE`` to end a shard."""

    def __init__(self) -> None:
        self.event = threading.Event()
        self.deadline: Deadline | None = None
        self.why = ""

    def start(self, grace: float = GRACE, why: str = "") -> None:
        """The first reason stands; a shorter grace replaces a longer one."""
        asked = Deadline.after(grace)
        if self.deadline is None or asked.at < self.deadline.at:
            self.deadline = asked
        self.why = self.why or why
        self.event.set()

    @property
    def over(self) -> bool:
        return self.deadline is not None and self.deadline.passed


class Stop:
    """Of one attempt. The engine asks ``reason`` all the time; the first one stands."""

    def __init__(self, lease: Deadline, drain: Drain) -> None:
        self.lease, self.drain = lease, drain
        self.told: str | None = None
        self.wanted_back: Deadline | None = None

    def tell(self, reason: str) -> None:
        self.told = self.told or reason

    def give_back(self) -> None:
        """The platform wants the job back: the running shard has its grace, as when the process drains."""
        if self.wanted_back is None:
            self.wanted_back = Deadline.after(GRACE)

    @property
    def draining(self) -> bool:
        return self.drain.event.is_set() or self.wanted_back is not None

    def reason(self) -> str | None:
        if self.told is None and self.lease.passed:
            self.told = LEASE_LOST  # the platform may have given the job to another: even unreachable, it ends here
        if self.told is None and self.drain.over:
            self.told = DRAIN
        if self.told is None and self.wanted_back is not None and self.wanted_back.passed:
            self.told = RELEASE
        return self.told
