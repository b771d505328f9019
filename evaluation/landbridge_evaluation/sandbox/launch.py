"""A fresh interpreter in a process group of its own, with an empty environment and three pipes."""

import os
import signal
import subprocess  # noqa: TID251 this is where child processes are started
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MODULE = "landbridge_evaluation.child"


@dataclass(slots=True)
class Child:
    """A running child: frames go in by ``stdin``, answers come by ``results``, what it prints by ``log``."""

    process: subprocess.Popen[bytes]
    stdin: int
    results: int
    log: int

    def kill(self) -> None:
        """End the child and all that it started in its group. Safe to repeat."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        self.kill()
        for fd in (self.stdin, self.results, self.log):
            if fd >= 0:
                with suppress(OSError):
                    os.close(fd)
        self.stdin = self.results = self.log = -1


def launch(*, work_dir: Path, threads: int, extra: Mapping[str, str] | None = None, module: str = MODULE) -> Child:
    """Start ``module`` with ``-I -B``. ``extra`` is added to the few variables that it gets."""
    results_in, results_out = os.pipe()
    try:
        process = subprocess.Popen(  # noqa: S603 our own interpreter and module
            command(module, results_out),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=work_dir,
            env={**environment(work_dir, threads), **(extra or {})},
            pass_fds=(results_out,),
            process_group=0,
            bufsize=0,
        )
    except BaseException:
        os.close(results_in)
        raise
    finally:
        os.close(results_out)
    child = Child(process, taken(process.stdin), results_in, taken(process.stdout))
    for fd in (child.stdin, child.results, child.log):
        os.set_blocking(fd, False)
    return child


def command(module: str, results: int) -> Sequence[str]:
    return (sys.executable, "-I", "-B", "-m", module, str(results), str(os.getpid()))


def taken(stream: object) -> int:
    """The stream's descriptor, from now on ours to close."""
    fd = os.dup(stream.fileno())  # type: ignore[attr-defined]
    stream.close()  # type: ignore[attr-defined]
    os.set_inheritable(fd, False)  # noqa: FBT003 the function's own signature
    return fd


def environment(work_dir: Path, threads: int) -> dict[str, str]:
    """Nothing of ours: no tokens, no proxies, no paths of modules."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(work_dir),
        "TMPDIR": str(work_dir),
        "USER": "sandbox",
        "LOGNAME": "sandbox",
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": str(threads),
        "OMP_WAIT_POLICY": "PASSIVE",  # a thread that waits leaves the core to others
        "OPENBLAS_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TOKENIZERS_PARALLELISM": "false",
        "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
    }
