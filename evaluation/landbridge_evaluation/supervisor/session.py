"""A conversation with one child: frames out, lines in, under limits of time and memory, ended on a wish."""

import json
import os
import selectors
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from landbridge_evaluation import sandbox
from landbridge_evaluation.errors import Fault, InfrastructureFault, NoIsolation, PluginFault, Stopped
from landbridge_evaluation.frames import BadFrame
from landbridge_evaluation.sandbox.door import exit_status

POLL_S = 0.05
LINE_CAP = 128 << 20
PIECE = 1 << 20


class Session:
    """Use as a context manager: the child and its group are gone afterwards, whatever happened."""

    def __init__(  # noqa: PLR0913 each is a bound or an ear of its own
        self,
        inputs: sandbox.Inputs,
        *,
        tier: str,
        work_dir: Path,
        stop: Callable[[], str | None],
        log: Callable[[bytes], None],
        tap: Callable[[bytes], None] | None = None,
    ) -> None:
        self.stop, self.log, self.tap = stop, log, tap
        self.outgoing, self.incoming = bytearray(), bytearray()
        self.lines: deque[bytes] = deque()
        self.line_cap, self.heard = LINE_CAP, False
        try:
            self.child = sandbox.launch(inputs, tier, work_dir)
        except sandbox.NoContainment as reason:
            raise NoIsolation(str(reason)) from reason
        self.guard = sandbox.Watch(self.child, wall_s=inputs.wall_s, memory_mb=inputs.memory_mb)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.child.results, selectors.EVENT_READ, "results")
        self.selector.register(self.child.log, selectors.EVENT_READ, "log")

    @property
    def peak_mb(self) -> int:
        return self.guard.peak_mb

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.child.kill()
        with suppress(OSError, KeyError):
            self.read_log()
        self.selector.close()
        self.child.close()

    def send(self, frame: Mapping[str, Any]) -> None:
        """Ask. Raises ``BadFrame`` where the child has already written on, without having been asked."""
        if self.lines or self.incoming:
            raise BadFrame("The model's process wrote more than it was asked.")
        line = json.dumps(frame, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        if self.tap is not None:
            self.tap(line)
        if not self.outgoing:
            self.selector.register(self.child.stdin, selectors.EVENT_WRITE, "stdin")
        self.outgoing += line

    def expect(self, cap: int) -> None:
        """The next answers' lines are at most ``cap`` bytes long; what they come to together is counted from here."""
        self.line_cap, self.guard.answered = cap, 0

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
        """What ends a child from outside: a wish, or a bound that it crossed. Nothing is read after that."""
        reason = self.stop()
        if reason is not None:
            raise Stopped(reason)
        code = self.guard.exceeded()
        if code is not None:
            self.child.kill()
            raise PluginFault(f"The model was ended. {self.guard.why(code)}", code=code)

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
        self.heard = True
        self.guard.answered += len(piece)
        self.incoming += piece
        if b"\n" in piece:
            *whole, rest = bytes(self.incoming).split(b"\n")
            self.lines += whole
            self.incoming = bytearray(rest)
        if len(self.incoming) > self.line_cap:
            raise BadFrame("The model's process wrote a line without end.")

    def read_log(self) -> None:
        try:
            piece = os.read(self.child.log, PIECE)
        except BlockingIOError:
            return
        if not piece:
            self.selector.unregister(self.child.log)
            return
        self.guard.logged += len(piece)
        self.log(piece)

    def ended(self) -> Fault:
        """Why there will be no more lines: a signal is the machine's fault, an exit the model's."""
        try:
            code = exit_status(self.child.process.wait(timeout=5), self.child.tier)
        except Exception:  # noqa: BLE001 it closed its answers and lives on
            return PluginFault("The model's process closed its answers and went on running.", code="bad_frames")
        if not self.heard and not self.child.ran():
            return NoIsolation("The model's process could not be prepared; the log says why. The probe will say more.")
        if self.child.starved():
            return PluginFault("The model needed more memory than it may have.", code="memory")
        if code < 0:
            return InfrastructureFault(f"The model's process was killed by signal {-code}.", code="child_killed")
        return PluginFault(f"The model's process ended by itself (exit {code}).", code="child_exited")
