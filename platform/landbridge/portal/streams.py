"""How many live pages may be open: a stream holds a thread of the server, so there is a limit for all and for each."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from landbridge.core.errors import DomainError

EACH: Final = 4
ALL: Final = 24

_open: Counter[str] = Counter()
_lock = threading.Lock()


class StreamsBusy(DomainError):
    """Too many live pages are open; the page asks again by itself."""

    code = "streams_busy"
    status = 503
    title = "Too many live pages"


def enter(principal: str) -> None:
    """Take a place, or raise ``StreamsBusy``. Whoever enters leaves."""
    with _lock:
        if _open[principal] >= EACH or _open.total() >= ALL:
            raise StreamsBusy("Too many live pages are open. This one asks again every three seconds.", retry_after=3)
        _open[principal] += 1


def leave(principal: str) -> None:
    with _lock:
        _open[principal] -= 1
        if not _open[principal]:
            del _open[principal]


@contextmanager
def place(principal: str) -> Iterator[None]:
    """The place that was taken by ``enter``, given back when the stream ends, however it ends."""
    try:
        yield
    finally:
        leave(principal)
