"""What is measured from outside while a process runs: time, memory, files. The process itself is asked nothing."""

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from landbridge_evaluation.sandbox.launch import Child, below

EVERY_S = 0.05
PRECISE_S = 10.0
GROWTH, SMALL_MB = 1.1, 8
INODES = 50_000  # in all of the child's folders: each costs the kernel about a kilobyte
LOG_CAP = 32 << 20  # bytes printed; more is no log
RESULT_CAP = 256 << 20  # bytes of answers to one question
FOLDERS = ("work", "tmp", "dev/shm")
PAGE = os.sysconf("SC_PAGE_SIZE")
SOCKET = 256 << 10  # bytes that the kernel keeps for an open socket at most: nobody can ask how many it does
WHY = {
    "wall": "It took longer than the {wall_s:g} s that are allowed.",
    "memory": "It used {peak_mb} MB of memory, {memory_mb} MB are allowed.",
    "inodes": f"It made more than {INODES} files.",
    "log_cap": f"It printed more than {LOG_CAP >> 20} MiB.",
    "result_cap": f"It answered with more than {RESULT_CAP >> 20} MiB.",
}


@dataclass(slots=True)
class Watch:
    """Ask ``exceeded`` at least each ``EVERY_S``; what it names is why the child must be killed."""

    child: Child
    wall_s: float | None = None
    memory_mb: int | None = None
    log_cap: int = LOG_CAP
    result_cap: int = RESULT_CAP
    began: float = field(default_factory=time.monotonic)
    logged: int = 0
    answered: int = 0
    peak_mb: int = 0
    looked: float = 0.0
    precise: float = 0.0
    resident_mb: int = 0  # when the shares were read
    shares_mb: int = 0

    def exceeded(self) -> str | None:
        """``wall``, ``memory``, ``inodes``, ``log_cap``, ``result_cap`` or None."""
        now = time.monotonic()
        if self.logged > self.log_cap:
            return "log_cap"
        if self.answered > self.result_cap:
            return "result_cap"
        if self.wall_s is not None and now - self.began > self.wall_s:
            return "wall"
        if now - self.looked < EVERY_S:
            return None
        self.looked = now
        return self.look(now)

    def look(self, now: float) -> str | None:
        pids = [speaking(pid) for pid in tree(self.child.process.pid)]
        self.measure(pids, now)
        if self.memory_mb is not None and self.peak_mb > self.memory_mb:
            return "memory"
        if self.child.tier == "bwrap" and len(pids) > 1 and inodes(pids[1]) > INODES:
            return "inodes"
        return None

    def measure(self, pids: list[int], now: float) -> None:
        """Resident pages are cheap to read and bound how much the shares can have grown since they were last read.

        The shares themselves take the kernel a walk over all pages (10 ms for 200 MB), so they are read only where the
        bound says that they may have crossed the limit or passed the peak.
        """
        hidden = unmapped(pids)
        resident_mb = (sum(resident(pid) for pid in pids) + hidden) >> 20
        at_most = self.shares_mb + max(0, resident_mb - self.resident_mb)
        over = self.memory_mb is not None and at_most > self.memory_mb
        if over or at_most > GROWTH * self.peak_mb + SMALL_MB or now - self.precise >= PRECISE_S:
            self.precise, self.resident_mb = now, resident_mb
            self.shares_mb = (sum(shared_out(pid) for pid in pids) + hidden) >> 20
            self.peak_mb = max(self.peak_mb, self.shares_mb)

    def why(self, code: str) -> str:
        return WHY[code].format(wall_s=self.wall_s or 0, memory_mb=self.memory_mb, peak_mb=self.peak_mb)


def tree(pid: int) -> Iterator[int]:
    """The process and all that it started; orphans inside belong to the sandbox's first process, so none is missed."""
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        yield one
        waiting += below(one)


def speaking(pid: int) -> int:
    """The process, or one of its threads where the first has ended: the process's own entries are empty then."""
    with suppress(OSError):
        if Path(f"/proc/{pid}/statm").read_text().startswith("0 "):
            threads = [int(one.name) for one in Path(f"/proc/{pid}/task").iterdir()]
            return next((one for one in threads if resident(one)), pid)
    return pid


def resident(pid: int) -> int:
    """Bytes; 0 for a process that is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE
    except (OSError, IndexError, ValueError):
        return 0


def shared_out(pid: int) -> int:
    """Bytes, a page that n processes share counted as 1/n (PSS); what may not be read counts as resident."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) << 10
    except (OSError, IndexError, ValueError):
        return resident(pid)
    return 0


def unmapped(pids: list[int]) -> int:
    """Bytes in files that have no name: open in the tree, mapped or not, each counted once. A socket counts as full."""
    found: dict[tuple[int, int] | str, int] = {}
    for pid in pids:
        with suppress(OSError):
            for entry in os.scandir(f"/proc/{pid}/fd"):
                with suppress(OSError):
                    target = os.readlink(entry.path)  # noqa: PTH115 twenty times a second
                    if target.startswith("socket:"):
                        found[target] = SOCKET
                    elif target.startswith("/memfd:"):
                        facts = os.stat(entry.path)  # noqa: PTH116 twenty times a second
                        found[facts.st_dev, facts.st_ino] = facts.st_blocks * 512
    return sum(found.values())


def inodes(pid: int) -> int:
    """In the folders that the process may write. 0 until it has left the host's file system."""
    used = 0
    with suppress(OSError):
        if Path(f"/proc/{pid}/root").stat().st_dev == Path("/").stat().st_dev:
            return 0
        for name in FOLDERS:
            facts = os.statvfs(f"/proc/{pid}/root/{name}")
            used += facts.f_files - facts.f_ffree
    return used
