"""The kernel's own bounds on memory and processes, where a part of the tree of control groups was delegated to us.

systemd does that for a unit with ``Delegate=yes``. Version 2 only; everywhere else the watchdog stands alone.
"""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from landbridge_evaluation.sandbox.recipe import Inputs

OURS = "supervisor"  # a group that hands on controllers holds no processes itself
SLACK_MB, SLACK_PIDS = 64, 16  # of bubblewrap and its like


def delegated() -> Path | None:
    """The folder under which groups may be made; None where there is none. Moves this process down by one, once."""
    own = own_group()
    if own is None:
        return None
    base = own.parent if own.name == OURS else own
    try:
        controllers = {*(base / "cgroup.controllers").read_text(encoding="utf-8").split()}
        if not {"memory", "pids"} <= controllers or not handed_over(base):
            return None
        if own.name != OURS:
            (base / OURS).mkdir(exist_ok=True)
            write(base / OURS / "cgroup.procs", str(os.getpid()))
        write(base / "cgroup.subtree_control", "+memory +pids")
    except OSError:
        return None
    return base


def own_group() -> Path | None:
    with suppress(OSError, IndexError):
        root = mounts()[0]
        for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines():
            if line.startswith("0::"):
                return Path(root + line[3:].rstrip("/"))
    return None


def mounts() -> list[str]:
    lines = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    return [line[1] for line in lines if line[2] == "cgroup2"]


def handed_over(base: Path) -> bool:
    """Whether systemd marked the group as delegated: a root that may write anywhere stays out of what is systemd's."""
    for name in ("user.delegate", "trusted.delegate"):
        with suppress(OSError):
            if os.getxattr(base, name) == b"1":
                return True
    return False


def make(inputs: Inputs) -> Path | None:
    """A group for one process, with its bounds; what it writes into its folders in memory counts too."""
    base = delegated()
    if base is None:
        return None
    group = base / f"model-{uuid4().hex}"
    try:
        group.mkdir()
        if inputs.memory_mb is not None:
            write(group / "memory.max", str((inputs.memory_mb + 3 * inputs.work_mb + SLACK_MB) << 20))
            write(group / "memory.oom.group", "1")
        write(group / "pids.max", str(inputs.processes + SLACK_PIDS))
    except OSError:
        remove(group)
        return None
    with suppress(OSError):
        write(group / "memory.swap.max", "0")
    return group


def remove(group: Path) -> None:
    with suppress(OSError):
        write(group / "cgroup.kill", "1")
    with suppress(OSError):
        group.rmdir()


def out_of_memory(group: Path) -> bool:
    """Whether the kernel ended something in it for want of memory."""
    with suppress(OSError, ValueError):
        lines = [line.split() for line in (group / "memory.events").read_text(encoding="utf-8").splitlines()]
        return any(name == "oom_kill" and int(count) > 0 for name, count in lines)
    return False


def write(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
