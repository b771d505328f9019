"""The processes of an embedded instance: started together, watched, restarted, and all gone when the first one goes."""

import contextlib
import ctypes
import os
import signal
import socket
import subprocess  # noqa: TID251 the platform's own programs, with our own words
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from landbridge.home import ROOT

SHELVES = ("platform", "registry", "plugins", "evaluation")
PR_SET_PDEATHSIG = 1
RESTARTS = 3
GRACE_S = 5.0  # how long a process may take to end before it is killed


class Failed(Exception):
    """A process ended too often. The message holds the end of its log."""


@dataclass
class Process:
    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    once: bool = False  # it ends when its work is done, and is not started again
    restarts: int = 0
    running: "subprocess.Popen[bytes] | None" = None


class Group:
    """Processes that live and end together."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self.members: list[Process] = []
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, name: str, *command: str, environment: Mapping[str, str], once: bool = False) -> Process:
        process = Process(name, command, environment, once)
        self.members.append(process)
        self._spawn(process)
        return process

    def check(self) -> None:
        """Restart what has ended. Raises ``Failed`` the third time one does."""
        for process in self.members:
            if process.once or process.running is None or process.running.poll() is None:
                continue
            process.restarts += 1
            if process.restarts >= RESTARTS:
                raise Failed(
                    f"The {process.name} process ended {RESTARTS} times (status {process.running.returncode}). "
                    f"The end of {self.log_of(process.name)}:\n{self.tail(process.name)}"
                )
            self._spawn(process)

    def stop(self) -> None:
        """Ask all to end; kill what has not after ``GRACE_S``. None outlives this call."""
        alive = [one.running for one in self.members if one.running is not None and one.running.poll() is None]
        for popen in alive:
            popen.terminate()
        deadline = time.monotonic() + GRACE_S
        for popen in alive:
            with contextlib.suppress(subprocess.TimeoutExpired):
                popen.wait(max(0.1, deadline - time.monotonic()))
            if popen.poll() is None:
                popen.kill()
                popen.wait()

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def tail(self, name: str, lines: int = 25) -> str:
        return "\n".join(self.log_of(name).read_text(errors="replace").splitlines()[-lines:])

    def _spawn(self, process: Process) -> None:
        path = os.pathsep.join([*(str(ROOT / shelf) for shelf in SHELVES), os.environ.get("PYTHONPATH", "")])  # noqa: TID251 handed on
        environment = {**os.environ, "PYTHONPATH": path.rstrip(os.pathsep), **process.environment}  # noqa: TID251 handed on
        with self.log_of(process.name).open("ab") as log:
            process.running = subprocess.Popen(  # noqa: S603 our own words
                [sys.executable, *process.command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C reaches this process, which ends the others in order
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 one thread here
            )


def _end_with_parent() -> None:
    """Linux: when the starter is killed outright, its processes end, too."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def free_port(host: str, wanted: int, *, exactly: bool) -> int:
    """``wanted`` if it is free, else the next free one; with ``exactly``, ``OSError`` instead. 0: any free port."""
    for port in [wanted] if exactly or wanted == 0 else range(wanted, wanted + 50):
        with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError(f"Port {wanted} on {host} is taken. Choose another with --port, or 0 for any free one.")
