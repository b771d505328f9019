"""What the probe runs, inside and outside: ``python probing.py FD PART FACTS``. It tries to get out.

Standard library only. Each attempt in ``ATTEMPTS`` answers True where it got out.
"""

import json
import mmap
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

FORKS = 200
PAGE = 4096
SURVIVES_S = 5.0
Facts = Mapping[str, Any]


def network(facts: Facts) -> bool:
    with socket.create_connection(("127.0.0.1", facts["port"]), timeout=1):
        return True


def abstract_socket(facts: Facts) -> bool:
    with socket.socket(socket.AF_UNIX) as one:
        one.connect("\0" + facts["abstract"])
        return True


def read_host(facts: Facts) -> bool:
    return bool(Path(facts["canary"]).read_text(encoding="utf-8") == facts["secret"])


def write_host(facts: Facts) -> bool:
    Path(facts["canary"]).with_name("written").write_text("by the probe", encoding="utf-8")
    return True


def environment(facts: Facts) -> bool:
    """Its own, and that of the first process of its view, hold names that it was not given."""
    found = {*os.environ, *names(Path("/proc/1/environ")), *names(Path("/proc/self/environ"))}  # noqa: TID251 what is under test
    return bool(found - {*facts["names"], "PWD", "LC_CTYPE"})


def names(path: Path) -> set[str]:
    with suppress(OSError):
        return {part.partition(b"=")[0].decode() for part in path.read_bytes().split(b"\0") if part}
    return set()


def privileges(_facts: Facts) -> bool:
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    status = {key: value.split() for key, _, value in (line.partition(":") for line in lines)}
    capable = any(int(status[name][0], 16) for name in ("CapPrm", "CapEff", "CapBnd"))
    return capable or os.getuid() == 0 or status["NoNewPrivs"] != ["1"] or status["Seccomp"] != ["2"]


def forks(_facts: Facts) -> bool:
    """As many processes at once as no model needs."""
    reader, writer = os.pipe()
    pids = []
    with suppress(OSError):
        for _ in range(FORKS):
            pid = os.fork()
            if pid == 0:
                os.close(writer)
                os.read(reader, 1)
                os._exit(0)
            pids.append(pid)
    os.close(writer)
    os.close(reader)
    for pid in pids:
        os.waitpid(pid, 0)
    return len(pids) == FORKS


def descriptors(_facts: Facts) -> bool:
    with os.scandir("/proc/self/fd") as found:
        return any(int(one.name) > 4 for one in found)  # noqa: PLR2004 0 to 3, and that of this listing


ATTEMPTS: Mapping[str, Callable[[Facts], bool]] = {
    one.__name__: one
    for one in (network, abstract_socket, read_host, write_host, environment, privileges, forks, descriptors)
}


def attempts(facts: Facts, out: int) -> None:
    found: dict[str, bool] = {}
    for name, one in ATTEMPTS.items():
        try:
            found[name] = one(facts)
        except (OSError, ValueError):
            found[name] = False
    os.write(out, json.dumps(found).encode())


def memory(facts: Facts, out: int) -> None:
    """Shared and anonymous: what limits of the process do not count."""
    size = facts["memory_mb"] << 20
    with mmap.mmap(-1, size) as pages:
        for place in range(0, size, PAGE):
            pages[place] = 1
        time.sleep(0.3)  # noqa: TID251 to be seen
    os.write(out, b"{}")


def wall(facts: Facts, out: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(facts["wall_s"])  # noqa: TID251 what is under test
    os.write(out, b"{}")


def survivor(_facts: Facts, out: int) -> None:
    """A grandchild in a session of its own keeps the results' pipe open."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(out, b"{}")
            time.sleep(SURVIVES_S)  # noqa: TID251 what is under test
        os._exit(0)
    os.wait()
    time.sleep(SURVIVES_S)  # noqa: TID251 it is to be killed


PARTS: Mapping[str, Callable[[Facts, int], None]] = {one.__name__: one for one in (attempts, memory, wall, survivor)}

if __name__ == "__main__":
    PARTS[sys.argv[2]](json.loads(sys.argv[3]), int(sys.argv[1]))
