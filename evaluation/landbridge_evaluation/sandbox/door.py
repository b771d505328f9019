"""Run one program in the sandbox of attempts to its end, and say what came out and what ended it."""

import base64
import os
import selectors
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from landbridge_evaluation.sandbox.launch import Child
from landbridge_evaluation.sandbox.watch import EVERY_S, Watch

PIECE = 1 << 16
KEPT = 1 << 20  # bytes of a log that are handed on
RESULT_CAP = 16 << 20


@dataclass(slots=True)
class Outcome:
    """How a program ended. ``why`` names the bound that it crossed; ``exit`` is its status, -N for a signal."""

    tier: str
    why: str | None = None
    exit: int | None = None
    seconds: float = 0.0
    peak_mb: int = 0
    log_bytes: int = 0
    result: bytearray = field(default_factory=bytearray)
    log: bytearray = field(default_factory=bytearray)
    began: bool = True  # whether the program itself ran
    sink: Callable[[bytes], object] | None = None  # where its answers go instead of into ``result``

    def to_json(self) -> dict[str, Any]:
        return {
            "tier": self.tier,
            "why": self.why,
            "exit": self.exit,
            "seconds": round(self.seconds, 3),
            "peak_mb": self.peak_mb,
            "log_bytes": self.log_bytes,
            "result_b64": base64.b64encode(self.result).decode(),
            "log_b64": base64.b64encode(self.log).decode(),
        }


def run(  # noqa: PLR0913 each bound by its name
    child: Child,
    source: int | None = None,
    *,
    wall_s: float | None = None,
    memory_mb: int | None = None,
    result_cap: int = RESULT_CAP,
    tick: Callable[[], None] = lambda: None,
    sink: Callable[[bytes], object] | None = None,
) -> Outcome:
    """Until the program ends or must end. The child is gone afterwards; nothing is read after its death was ordered.

    Its input is what can be read from the descriptor ``source``.
    """
    watch = Watch(child, wall_s=wall_s, memory_mb=memory_mb, result_cap=result_cap)
    made = Outcome(child.tier, sink=sink)
    with selectors.DefaultSelector() as selector:
        for name in ("results", "log"):
            selector.register(getattr(child, name), selectors.EVENT_READ, name)
        feed(child, source)
        while made.why is None and not ended(child, selector):
            for key, _ in selector.select(EVERY_S):
                take(key, watch, made, selector)
            made.why = watch.exceeded()
            tick()
    if made.why is not None:
        child.kill()
    if made.why is None and child.starved():
        made.why = "memory"
    made.exit = exit_status(child.process.wait(), child.tier)
    made.began = made.why is not None or child.ran()
    made.seconds, made.peak_mb = time.monotonic() - watch.began, watch.peak_mb
    child.close()
    return made


def ended(child: Child, selector: selectors.BaseSelector) -> bool:
    """It is over when the process is: what it left behind may hold pipes open, but has nothing to say."""
    if child.process.poll() is None:
        return False
    return not selector.select(0)


def take(key: selectors.SelectorKey, watch: Watch, made: Outcome, selector: selectors.BaseSelector) -> None:
    piece = b""
    with suppress(OSError):
        piece = os.read(key.fd, PIECE)
    if not piece:
        selector.unregister(key.fd)
    elif key.data == "results":
        watch.answered += len(piece)
        if made.sink is not None:
            made.sink(piece)
        else:
            made.result += piece[: max(0, watch.result_cap - len(made.result))]
    else:
        watch.logged += len(piece)
        made.log_bytes += len(piece)
        made.log += piece[: max(0, KEPT - len(made.log))]


def feed(child: Child, source: int | None) -> None:
    """Hand on what ``source`` gives, for as long as the child lives, without ever waiting for it here."""
    target, child.stdin = child.stdin, -1
    if source is None:
        os.close(target)
        return
    os.set_blocking(target, True)
    threading.Thread(target=copy, args=(source, target), daemon=True).start()


def copy(source: int, target: int) -> None:
    with suppress(OSError), os.fdopen(target, "wb", buffering=0) as sink:
        while piece := os.read(source, PIECE):
            sink.write(piece)


def exit_status(code: int, tier: str) -> int:
    """-N for a signal: bwrap tells of one as 128 + N."""
    return 128 - code if tier == "bwrap" and code > 128 else code  # noqa: PLR2004 the shell's custom
