"""Each hostile program: what it is of, under which bounds it runs, how it must end inside and how outside."""

from dataclasses import dataclass

from tests.hostile.reaching import PRELUDE, REACHING
from tests.hostile.using import FRAMES, USING

READER = (
    "Answers are read outside of the model's process in both runs: what refuses them is the reader, not the sandbox."
)
PLAIN = ("--wall", "40", "--memory-mb", "512")
LIMITED = "Finite numbers of the right count are answers, whatever they hide: what is limited is how much they carry."


@dataclass(frozen=True, slots=True, kw_only=True)
class Hostile:
    """``why`` is the bound that must end it inside; ``refused``: its answers must be.

    ``reason`` is why the control run shows no escape, ``linger`` how long it waits for what was left behind.
    """

    name: str
    category: str
    source: str
    flags: tuple[str, ...] = PLAIN
    why: str | None = None
    or_why: str | None = None  # where the filter lets it through, as it must for a GPU
    refused: bool = False
    reason: str = ""
    linger: float = 0.0


CATEGORIES = {
    "loopback": "loopback TCP", "abstract_socket": "abstract socket", "host_sockets": "host socket paths",
    "odd_families": "odd families", "host_files": "host files", "environment": "environment",
    "writes_outside": "writes outside and /proc/sys", "parent": "killing the parent",
    "namespaces": "namespaces and mounts", "ptrace": "ptrace and /proc/1/mem",
    "privileges": "setuid and capabilities", "survivor": "daemonized survivor", "kernel": "kernel surface",
    "devices": "devices", "descriptors": "leaked fds", "gold": "search for gold", "fork_bomb": "fork bomb",
    "private_memory": "private memory", "shared_memory": "shared memory", "memfd": "memfd",
    "many_small": "many small processes", "disk_fill": "disk fill", "inode_flood": "inode flood",
    "log_flood": "log flood", "result_flood": "result flood", "ignored_signals": "ignored signals",
    "cpu_burn": "CPU burn", "late_writer": "writer after the end",
    "forged_job": "forged job", "forged_score": "forged job", "forged_model": "forged model",
    "forged_item": "forged item", "other_shard": "forged item", "glued_lines": "glued lines", "nan": "NaN",
    "infinite": "NaN", "huge_number": "huge values", "huge_line": "huge values", "doubled_item": "duplicate values",
    "doubled_key": "duplicate values", "deep": "deep values", "not_utf8": "mis-encoded values",
    "surrogate": "mis-encoded values", "boolean": "mis-encoded values", "after_the_end": "writer after the end",
    "terminal": "terminal injection", "covert": "covert scores",
}  # fmt: skip
BOUND = {
    "private_memory": "memory", "shared_memory": "memory", "many_small": "memory",
    "inode_flood": "inodes", "log_flood": "log_cap", "result_flood": "result_cap", "ignored_signals": "wall",
    "cpu_burn": "wall",
}  # fmt: skip
FLAGS = {"memory": ("--wall", "40", "--memory-mb", "200"), "wall": ("--wall", "1.5", "--memory-mb", "512")}
SHAPE = ("--kind", "classify", "--items", "3", "--labels", "2")


def reaching(name: str, source: str) -> Hostile:
    bound = BOUND.get(name)
    flags = FLAGS.get(bound or "", PLAIN)
    linger = {"late_writer": 1.0, "survivor": 0.2}.get(name, 0.0)
    return Hostile(
        name=name,
        category=CATEGORIES[name],
        source=PRELUDE + source,
        flags=flags,
        why=bound,
        linger=linger,
        or_why="memory" if name == "memfd" else None,
    )


def answers(name: str, source: str) -> Hostile:
    flags = (*PLAIN, *SHAPE)
    covert = name == "covert"
    return Hostile(
        name=name,
        category=CATEGORIES[name],
        source=PRELUDE + source,
        flags=flags,
        refused=not covert,
        reason=LIMITED if covert else READER,
    )


PROGRAMS = [reaching(*one) for one in (REACHING | USING).items()] + [answers(*one) for one in FRAMES.items()]
