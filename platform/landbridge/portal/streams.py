"""Parts of pages that stay up to date: HTML over server-sent events.

A stream holds a thread of the server. No transaction is open between two looks at the rows.
"""

import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import translation

from landbridge.core import places
from landbridge.core.errors import NotAllowed, NotFound, Unauthenticated

LOOK: Final = 0.5  # seconds between two looks
AGAIN: Final = 3.0  # seconds between two questions whether the watcher may still see it
BREATH: Final = 15.0  # seconds of silence before a comment keeps the connection
LONGEST: Final = 600.0


@dataclass(frozen=True, slots=True)
class Piece:
    html: str
    over: bool  # nothing will change any more


@dataclass(frozen=True, slots=True)
class Live:
    """``mark`` is cheap and changes whenever ``piece`` would. ``check`` raises when the watcher may not see it."""

    mark: Callable[[], object]
    piece: Callable[[], Piece]
    check: Callable[[], object]


def answer(request: HttpRequest, live: Live, *, principal: str) -> HttpResponseBase:
    """A stream; with ``?once=1`` one piece, for browsers that were refused a stream."""
    if request.GET.get("once"):
        piece = live.piece()
        once = HttpResponse(piece.html)
        once["X-Live"] = "end" if piece.over else "on"
        once["Cache-Control"] = "no-cache"
        return once
    response = StreamingHttpResponse(_Stream(live, principal), content_type="text/event-stream")
    response["Cache-Control"] = "no-cache"
    response["X-Accel-Buffering"] = "no"
    return response


class _Stream:
    """The events, and a place among the open streams. The server closes it however it ends, even if it never began."""

    def __init__(self, live: Live, principal: str) -> None:
        places.enter(principal)
        self.principal: str | None = principal
        self.events = _events(live)

    def __iter__(self) -> Iterator[str]:
        return self.events

    def close(self) -> None:
        self.events.close()
        if self.principal is not None:
            places.leave(self.principal)
            self.principal = None


def _events(live: Live) -> Generator[str, None, None]:
    """A piece whenever something changed; ``end`` when it is over, or not for this watcher any more."""
    yield "retry: 2000\n\n"
    try:
        over = yield from _pieces(live)
    except (NotFound, NotAllowed, Unauthenticated):
        over = True
    if over:
        yield "event: end\ndata: end\n\n"


def _pieces(live: Live) -> Generator[str, None, bool]:
    language, pause = translation.get_language(), threading.Event()
    started = spoken = asked = time.monotonic()
    last: object = None
    while time.monotonic() - started < LONGEST:
        if time.monotonic() - asked >= AGAIN:
            live.check()
            asked = time.monotonic()
        mark = live.mark()
        if mark != last:
            with translation.override(language):
                piece = live.piece()
            yield _event(piece.html)
            last, spoken = mark, time.monotonic()
            if piece.over:
                return True
        elif time.monotonic() - spoken > BREATH:
            yield ": still here\n\n"
            spoken = time.monotonic()
        pause.wait(LOOK)
    return False


def _event(html: str) -> str:
    return "".join(f"data: {line}\n" for line in html.splitlines() if line.strip()) + "\n"
