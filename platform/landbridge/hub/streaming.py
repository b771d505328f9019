"""Bytes on their way out. The access predicate is asked again while they flow, and the log learns how it ended."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from landbridge.agreements import access_log
from landbridge.agreements.access import Decision
from landbridge.agreements.models import AccessRow
from landbridge.core import time as clock
from landbridge_registry import storage

ASK_BYTES, ASK_SECONDS = 64 << 20, 60.0


@dataclass(frozen=True, slots=True)
class Part:
    """Bytes ``start`` to ``stop`` (exclusive) of a stored content."""

    location: str
    start: int
    stop: int


class Stream:
    """An iterator of pieces that ends, short, when access ends. ``close`` is called by the server in every case."""

    def __init__(self, part: Part, *, row: AccessRow, decision: Decision, ask: Callable[[], Decision]) -> None:
        self._pieces = storage.read_range(part.location, part.start, part.stop)
        self._left, self._sent = part.stop - part.start, 0
        self._row, self._ask = row, ask
        self._closed = self._cut = self._failed = False
        self._plan(decision)

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        if self._sent >= self._next_bytes or time.monotonic() >= self._next_time:
            decision = self._ask()
            if not decision.allowed:
                self._cut = True
                raise ConnectionAbortedError(f"access ended: {decision.code}")
            self._plan(decision)
        try:
            piece = next(self._pieces)
        except StopIteration:
            raise
        except Exception:
            self._failed = True
            raise
        self._sent += len(piece)
        return piece

    def _plan(self, decision: Decision) -> None:
        """When to ask again: after so many bytes or seconds, or when the agreement ends."""
        wait = ASK_SECONDS
        if decision.until is not None:
            wait = max(0.0, min(wait, (decision.until - clock.db_now()).total_seconds()))
        self._next_bytes, self._next_time = self._sent + ASK_BYTES, time.monotonic() + wait

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        close = getattr(self._pieces, "close", None)
        if close is not None:
            close()
        whole = self._sent == self._left
        outcome = "cut" if self._cut else "error" if self._failed else "complete" if whole else "client_left"
        access_log.finish(self._row, bytes_sent=self._sent, outcome=outcome)
