"""The processes of a site under test, and the one that starts them again, as a service manager does."""

import os
import signal
import subprocess  # noqa: TID251 whole processes are what is killed
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

RESTART_S = 0.2


@dataclass
class Part:
    """One process of its own process group. ``heart`` names the process that counts where a wrapper starts it."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    heart: str = ""
    answers: Callable[[], bool] = lambda: True
    popen: "subprocess.Popen[bytes] | None" = None
    starts: int = 0
    held: bool = False  # the keeper leaves it down
    prepare: Callable[[], None] = lambda: None  # before each start

    def start(self) -> None:
        self.prepare()
        self.starts += 1
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(  # noqa: S603 our own words
                self.command, env=dict(self.environment), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    @property
    def alive(self) -> bool:
        return self.popen is not None and self.popen.poll() is None

    def main(self) -> psutil.Process | None:
        """The live process that does the work: not its wrapper, and not one that is dying."""
        if self.popen is None or not self.alive:
            return None
        with suppress(psutil.Error):
            top = psutil.Process(self.popen.pid)
            found = [one for one in [top, *top.children(recursive=True)] if not self.heart or one.name() == self.heart]
            return next((one for one in found if lives(one)), None)
        return None

    def descendants(self) -> list[psutil.Process]:
        with suppress(psutil.Error):
            if self.popen is not None and self.alive:
                return psutil.Process(self.popen.pid).children(recursive=True)
        return []

    def clear(self) -> None:
        """End what is left of the group, as a service manager does before a restart."""
        if self.popen is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.popen.pid, signal.SIGKILL)
            self.popen.wait()

    def stop(self, grace: float = 5.0) -> None:
        self.held = True
        if self.popen is not None and self.alive:
            with suppress(ProcessLookupError):
                os.killpg(self.popen.pid, signal.SIGCONT)
            self.popen.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.popen.wait(grace)
        self.clear()


def lives(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return process.is_running() and process.status() not in {psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD}
    return False


def kill_for_sure(process: psutil.Process, seconds: float = 10.0) -> bool:
    """SIGKILL; true only if this very process was alive and is gone by it."""
    try:
        handle = os.pidfd_open(process.pid)  # names the process itself, however fast its number is used again
    except ProcessLookupError:
        return False
    try:
        if not lives(process):
            return False
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            until = time.monotonic() + seconds
            pause = threading.Event()
            while lives(process):
                assert time.monotonic() < until, f"{process} outlived SIGKILL"
                pause.wait(0.005)
            return True
        return False
    finally:
        os.close(handle)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = 60.0, every: float = 0.05) -> None:
    """Until ``holds()``; fails by name when the time is over."""
    until, pause = time.monotonic() + seconds, threading.Event()
    while not holds():
        assert time.monotonic() < until, f"waited {seconds:.0f} s for {what}"
        pause.wait(every)


@dataclass
class Keeper:
    """Starts again what ends, until it is told to stop."""

    parts: dict[str, Part] = field(default_factory=dict)
    ended: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread | None = None

    def add(self, part: Part) -> Part:
        part.start()  # first: what is kept and not alive is started, too
        self.parts[part.name] = part
        return part

    def begin(self) -> None:
        self.thread = threading.Thread(target=self._keep, name="keeper", daemon=True)
        self.thread.start()

    def _keep(self) -> None:
        while not self.ended.wait(0.05):
            for part in list(self.parts.values()):
                if not part.held and not part.alive:
                    part.clear()
                    self.ended.wait(RESTART_S)
                    if not self.ended.is_set():
                        part.start()

    def stop(self) -> None:
        self.ended.set()
        if self.thread is not None:
            self.thread.join(30)
        for part in list(self.parts.values())[::-1]:
            part.stop()
