"""A conversation with one child: frames out, lines in, under limits of time and memory, ended on a wish."""

import json
import os
import selectors
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psutil

from landbridge_evaluation import sandbox
from landbridge_evaluation.errors import Fault, InfrastructureFault, PluginFault, Stopped
from landbridge_evaluation.frames import BadFrame

POLL_S = 0.05
MEMORY_EVERY_S = 0.5
LOG_CAP = 8 << 20
LINE_CAP = 128 << 20
PIECE = 1 << 20


class Session:
    """Use as a context manager: the child and its group are gone afterwards, whatever happened."""

    def __init__(  # noqa: PLR0913 each is a bound or an ear of its own
        self,
        *,
        work_dir: Path,
        threads: int,
        stop: Callable[[], str | None],
        log: Callable[[bytes], None],
        wall_s: float | None = None,
        memory_mb: int | None = None,
        tap: Callable[[bytes], None] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> None:
        self.stop, self.log, self.tap = stop, log, tap
        self.memory_mb, self.peak_mb, self.logged = memory_mb, 0, 0
        self.deadline = time.monotonic() + wall_s if wall_s else None
        self.next_memory = 0.0
        self.outgoing, self.incoming = bytearray(), bytearray()
        self.lines: deque[bytes] = deque()
        self.child = sandbox.launch(work_dir=work_dir, threads=threads, extra=extra)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.results, selectors.EVENT_READ, "results")
        self.selector.register(self.child.log, selectors.EVENT_READ, "log")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.child.kill()
        with suppress(OSError):
            self.read_log()
        self.selector.close()
        self.child.close()

    def send(self, frame: Mapping[str, Any]) -> None:
        line = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if self.tap is not None:
            self.tap(line)
        if not self.outgoing:
            self.selector.register(self.child.stdin, selectors.EVENT_WRITE, "stdin")
        self.outgoing += line

    def line(self) -> bytes:
        """The next line that the child writes. Raises the fault that ended it, or ``Stopped``."""
        while not self.lines:
            self.pump()
        return self.lines.popleft()

    def pump(self) -> None:
        self.watch()
        gone = self.child.process.poll() is not None
        ready = self.selector.select(POLL_S)
        if gone and not any(key.data == "results" for key, _ in ready):
            raise self.ended()  # what it left behind may hold the pipe open, but has nothing to say
        for key, _ in ready:
            match key.data:
                case "stdin":
                    self.write()
                case "results":
                    self.read()
                case "log":
                    self.read_log()

    def watch(self) -> None:
        """What ends a child from outside: a wish, the wall, memory."""
        reason = self.stop()
        if reason is not None:
            raise Stopped(reason)
        now = time.monotonic()
        if self.deadline is not None and now > self.deadline:
            raise PluginFault("The model took longer than the attempt may.", code="wall")
        if now >= self.next_memory:
            self.next_memory = now + MEMORY_EVERY_S
            self.peak_mb = max(self.peak_mb, memory_of(self.child.process.pid))
            if self.memory_mb is not None and self.peak_mb > self.memory_mb:
                raise PluginFault(f"The model used {self.peak_mb} MB, {self.memory_mb} MB are allowed.", code="memory")

    def write(self) -> None:
        try:
            written = os.write(self.child.stdin, memoryview(self.outgoing)[:PIECE])
        except BlockingIOError:
            return
        except BrokenPipeError:
            written = len(self.outgoing)  # it ended; the results pipe tells why
        del self.outgoing[:written]
        if not self.outgoing:
            self.selector.unregister(self.child.stdin)

    def read(self) -> None:
        piece = os.read(self.child.results, PIECE)
        if not piece:
            raise self.ended()
        self.incoming += piece
        if b"\n" in piece:
            *whole, rest = bytes(self.incoming).split(b"\n")
            self.lines += whole
            self.incoming = bytearray(rest)
        elif len(self.incoming) > LINE_CAP:
            raise BadFrame("The model's process wrote a line without end.")

    def read_log(self) -> None:
        try:
            piece = os.read(self.child.log, PIECE)
        except BlockingIOError:
            return
        if not piece:
            self.selector.unregister(self.child.log)
            return
        self.logged += len(piece)
        if self.logged <= LOG_CAP:
            self.log(piece)

    def ended(self) -> Fault:
        """Why there will be no more lines: a signal is the machine's fault, an exit the model's."""
        try:
            code = self.child.process.wait(timeout=5)
        except Exception:  # noqa: BLE001 it closed its answers and lives on
            return PluginFault("The model's process closed its answers and went on running.", code="bad_frames")
        if code < 0:
            return InfrastructureFault(f"The model's process was killed by signal {-code}.", code="child_killed")
        return PluginFault(f"The model's process ended by itself (exit {code}).", code="child_exited")


def memory_of(pid: int) -> int:
    """Resident megabytes of the process and those it started."""
    total = 0
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        for one in (process, *process.children(recursive=True)):
            with suppress(psutil.Error):
                total += one.memory_info().rss
    return total >> 20
