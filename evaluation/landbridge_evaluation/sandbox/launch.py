"""A fresh process with pipes for what goes in, comes out and is printed; contained, or plain where that is allowed."""

import json
import os
import select
import shlex
import shutil
import signal
import stat
import subprocess  # noqa: TID251 this is where child processes are started
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landbridge_evaluation import config
from landbridge_evaluation.sandbox import cgroup, recipe, seccomp, start, tiers
from landbridge_evaluation.sandbox.recipe import Inputs, NoContainment

GONE_S = 5.0
Places = Mapping[Path, str]


@dataclass(slots=True)
class Child:
    """A running child: frames go in by ``stdin``, answers come by ``results``, what it prints by ``log``."""

    process: subprocess.Popen[bytes]
    stdin: int
    results: int
    log: int
    status: int = -1  # what bwrap tells of itself
    tier: str = "none"
    inputs: Inputs = field(default_factory=Inputs)
    told: bytes = b""
    group: Path | None = None  # the control group that bounds it, where there is one

    def starved(self) -> bool:
        """Whether the kernel ended it, or a part of it, for want of memory."""
        return self.group is not None and cgroup.out_of_memory(self.group)

    def inside(self, path: Path) -> str:
        """Where the child finds ``path``."""
        if self.tier == "none":
            return str(path.resolve())
        shown = {self.inputs.model: "/model", self.inputs.plugin: "/plugin", self.inputs.job: "/job"}
        return shown.get(path, str(path))

    def ran(self) -> bool:
        """Whether its program began, known once it has ended: bwrap tells it."""
        if self.tier != "bwrap":
            return self.process.returncode != start.FAILED
        with suppress(OSError):
            self.told += os.read(self.status, 1 << 16) if self.status >= 0 else b""
        return b'"exit-code"' in self.told

    def kill(self) -> None:
        """End the child and all that it started. Safe to repeat.

        The first process of a sandbox is gone only when all others in it are: that is waited for.
        """
        inner = below(self.process.pid) if self.tier == "bwrap" and self.process.poll() is None else []
        held = [fd for fd in map(handle, inner) if fd >= 0]
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        for fd in held:
            with suppress(OSError):
                signal.pidfd_send_signal(fd, signal.SIGKILL)
            select.select([fd], [], [], GONE_S)
            os.close(fd)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for fd in (self.stdin, self.results, self.log, self.status):
            if fd >= 0:
                with suppress(OSError):
                    os.close(fd)
        if self.group is not None:
            cgroup.remove(self.group)
        self.stdin = self.results = self.log = self.status = -1


def handle(pid: int) -> int:
    """A descriptor that stands for the process, and for no later one of its number; -1: it is gone."""
    try:
        return os.pidfd_open(pid)
    except OSError:
        return -1


def below(pid: int) -> list[int]:
    """The processes that ``pid`` started and that run."""
    found: list[int] = []
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                found += [int(word) for word in (task / "children").read_text().split()]
    return found


def launch(
    inputs: Inputs, tier: str | None = None, work_dir: Path | None = None, leaked: tuple[int, ...] = ()
) -> Child:
    """Start ``inputs`` contained, or with tier ``none`` as a plain process in ``work_dir``, for trusted models only.

    ``leaked`` are descriptors that a plain process gets besides (the probe's). Raises ``NoContainment`` where there is
    nothing that contains; whether what there is holds, is for ``probe`` to say.
    """
    wanted = tier or tiers.tier()
    if wanted == "none" and tier is None:
        raise NoContainment(tiers.absent())
    if wanted != "bwrap":
        return plain(inputs, wanted, work_dir or Path("/"), leaked)
    bwrap = tiers.bwrap()
    if bwrap is None:
        raise NoContainment(tiers.INSTALL)
    staged = staging(inputs) if os.geteuid() == 0 else {}
    argv = recipe.arguments(inputs, bwrap, lambda path: staged.get(path, str(path)))
    given = {path for path, _ in recipe.given(inputs)}
    pairs = [(str(path), place, path in given) for path, place in staged.items()]
    hide = [start.STAGE] if staged else []
    return started(inputs, wanted, {"argv": argv, "env": {}, "stage": pairs, "hide": hide, "cwd": "/"})


def staging(inputs: Inputs) -> Places:
    """Where each thing that is bound lies for the user that root becomes: he may not reach it at its own place."""
    sources = dict.fromkeys(path for path, _ in recipe.binds(inputs))
    return {path: f"{start.STAGE}/{number}" for number, path in enumerate(sources)}


def plain(inputs: Inputs, tier: str, work_dir: Path, leaked: tuple[int, ...] = ()) -> Child:
    """Not contained by us, but with an environment of its own, limits and another user than root."""
    pairs: list[tuple[str, str, bool]] = []
    hide: list[str] = []
    if os.geteuid() == 0:
        sources = [work_dir.resolve(), *(path for path, _ in recipe.binds(inputs))]
        hide = sorted({str(one) for path in sources if (one := closed(path)) is not None})
        given = {path for path, _ in recipe.given(inputs)}
        hidden = [path for path in sources if any(path.is_relative_to(one) for one in hide)]
        pairs = [(str(path), str(path), path in given) for path in sorted({*hidden, *given})]
        if work_dir != Path("/"):
            os.chown(work_dir, config.SANDBOX_UID, config.SANDBOX_UID)
    argv, env = wrapped(inputs) if tier == "wrapper" else (inputs.words, own_variables(inputs, work_dir))
    plan = {"argv": argv, "env": env, "stage": pairs, "hide": hide, "cwd": str(work_dir)}
    return started(inputs, tier, plan, leaked)


def own_variables(inputs: Inputs, work_dir: Path) -> dict[str, str]:
    return recipe.environment(inputs.threads, str(work_dir), {"TMPDIR": str(work_dir), **inputs.env})


def wrapped(inputs: Inputs) -> tuple[list[str], dict[str, str]]:
    """The operator's command before ours. It must pass descriptors 0 to 3, and show each source at its target."""
    command = shlex.split(config.SANDBOX_WRAPPER)
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise NoContainment(f"LANDBRIDGE_SANDBOX_WRAPPER names no program that is there: {config.SANDBOX_WRAPPER}")
    variables = [f"{key}={value}" for key, value in recipe.environment(inputs.threads, extra=inputs.env).items()]
    binds = "\n".join(f"{source}:{target}" for source, target in recipe.binds(inputs))
    env = {"PATH": os.defpath, "HOME": str(Path.home()), "LANDBRIDGE_BINDS": binds}
    env |= {"LANDBRIDGE_PROCESSES": str(inputs.processes), "LANDBRIDGE_WORK_MB": str(inputs.work_mb)}
    if inputs.memory_mb is not None:
        env["LANDBRIDGE_MEMORY_MB"] = str(inputs.memory_mb)
    return [program, *command[1:], "/usr/bin/env", "-i", *variables, *inputs.words], env


def closed(path: Path) -> Path | None:
    """The outermost folder above ``path`` that others than its owner may not pass."""
    return next((one for one in reversed(path.parents) if not one.stat().st_mode & stat.S_IXOTH), None)


def started(inputs: Inputs, tier: str, plan: Mapping[str, Any], leaked: tuple[int, ...] = ()) -> Child:
    contained = tier == "bwrap"
    results_in, results_out = os.pipe()
    status_in, status_out = os.pipe()
    fds = {recipe.RESULTS: results_out}
    if contained:
        fds |= {recipe.FILTER: filter_of(inputs), recipe.STATUS: status_out}
    passed = {**fds, **dict(enumerate(leaked, recipe.STATUS + 2))}
    bounds = recipe.limits(inputs, contained=contained)
    group = cgroup.make(inputs) if contained else None
    plan = {**plan, "trusted": tier == "none", "group": str(group) if group else None}
    whole = {**plan, "fds": passed, "parent": os.getpid(), "limits": bounds, **user()}
    try:
        words = [sys.executable, "-I", "-S", "-B", start.__file__, json.dumps(whole)]
        process = popen(words, tuple(passed.values()))
    except BaseException:
        os.close(results_in)
        os.close(status_in)
        if group is not None:
            cgroup.remove(group)
        raise
    finally:
        for fd in {*fds.values(), status_out}:
            os.close(fd)
    child = Child(process, taken(process.stdin), results_in, taken(process.stdout), status_in, tier, inputs)
    child.group = group
    for fd in (child.stdin, child.results, child.log, child.status):
        os.set_blocking(fd, False)
    return child


def filter_of(inputs: Inputs) -> int:
    """A descriptor to read the filter of system calls from; it fits into a pipe."""
    reader, writer = os.pipe()
    os.write(writer, seccomp.program(gpu=bool(inputs.devices)))
    os.close(writer)
    return reader


def popen(words: Sequence[str], fds: tuple[int, ...]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 our own interpreter and our own words
        words,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd="/",
        env={},
        pass_fds=fds,
        process_group=0,
        bufsize=0,
    )


def user() -> dict[str, int]:
    return {"uid": config.SANDBOX_UID, "gid": config.SANDBOX_UID}


def taken(stream: object) -> int:
    """The stream's descriptor, from now on ours to close."""
    fd = os.dup(stream.fileno())  # type: ignore[attr-defined]
    stream.close()  # type: ignore[attr-defined]
    os.set_inheritable(fd, False)  # noqa: FBT003 the function's own signature
    return fd
