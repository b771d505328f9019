"""How many live streams may be open in one process: each holds a thread of the server, and pages need some, too.

Pages and API share the places, and no reader takes more than a few: a slow one holds up no other.
"""

import threading
from collections import Counter
from typing import Final

from landbridge.core.errors import DomainError

EACH: Final = 4  # of one reader
ALL: Final = 24  # of the 32 threads that a web process has

opened: Counter[str] = Counter()
_lock = threading.Lock()


class StreamsBusy(DomainError):
    """Too many live streams are open; who asked, asks again by itself, or polls."""

    code = "streams_busy"
    status = 503
    title = "Too many live pages"


def enter(reader: str) -> None:
    """Take a place. Raises ``StreamsBusy`` where the reader, or all together, hold as many as they may."""
    with _lock:
        if opened[reader] >= EACH or opened.total() >= ALL:
            raise StreamsBusy(
                "Too many live streams are open. A page asks again every three seconds; a program polls "
                "/api/v1/jobs/{id} meanwhile, and misses nothing by resuming with Last-Event-ID.",
                retry_after=3,
            )
        opened[reader] += 1


def leave(reader: str) -> None:
    with _lock:
        opened[reader] -= 1
        if opened[reader] <= 0:
            del opened[reader]
