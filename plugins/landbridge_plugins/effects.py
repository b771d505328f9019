"""What a plugin does besides being imported: connections, programs, written files. Python's audit hook sees it.

This tells an honest author of a habit that the sandbox will not bear. It contains nothing: that is the sandbox's work.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

EVENTS: Final = {
    "socket.connect": "opens a network connection",
    "socket.getaddrinfo": "looks up a name on the network",
    "socket.bind": "opens a port",
    "subprocess.Popen": "starts a program",
    "os.system": "starts a program",
    "os.posix_spawn": "starts a program",
    "os.fork": "starts a process",
    "os.exec": "becomes another program",
}
WRITES: Final = frozenset("wax+")


class _Ear:
    """One for the whole process: an audit hook cannot be taken away again."""

    def __init__(self) -> None:
        self.seen: list[str] | None = None
        self.added = False

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        seen = self.seen
        if seen is None:
            return
        if event in EVENTS:
            seen.append(EVENTS[event])
        elif event == "open" and isinstance(arguments[1], str) and WRITES & set(arguments[1]):
            name = str(arguments[0])
            if not name.endswith((".pyc", "/dev/null")) and ".pyc." not in name:
                seen.append(f"writes {name[:120]}")


EAR: Final = _Ear()


@contextmanager
def watched() -> Iterator[list[str]]:
    """What happens inside of the block, once each; empty for code that only defines things."""
    if not EAR.added:
        sys.addaudithook(EAR.hook)
        EAR.added = True
    seen: list[str] = []
    EAR.seen = seen
    try:
        yield seen
    finally:
        EAR.seen = None
        seen[:] = dict.fromkeys(seen)
