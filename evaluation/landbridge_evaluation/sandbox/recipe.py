"""What a model's process may see and do: the words of bubblewrap, its variables, its limits. Starts nothing."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import landbridge_evaluation
import landbridge_plugins
from landbridge_evaluation import config

MODULE = "landbridge_evaluation.child"
RESULTS, FILTER, STATUS = 3, 4, 5  # descriptors as bwrap gets them; only the first goes on to the child
NOBODY = 65534
WORK_MB = 512
OPEN_FILES = 256
LARGEST = 4 << 30  # bytes of one file of a plain process
LOCKED = 64 << 10  # bytes of memory that cannot be swapped
HEADROOM_MB = 1024  # of private memory above what the watchdog allows, so that the watchdog is the one that speaks
NAMESPACES = "--unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts --unshare-cgroup-try"
PRIVILEGES = "--disable-userns --as-pid-1 --die-with-parent --new-session --cap-drop ALL"
IDENTITY = f"--uid {NOBODY} --gid {NOBODY} --hostname sandbox --clearenv"
PACKAGES = {"site-packages", "dist-packages"}
SYSTEM = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
CUDA = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-modeset")


class NoContainment(Exception):
    """The process cannot be contained here; the message says why and what helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What one process gets, read-only: ``model`` at ``/model``, ``plugin`` at ``/plugin``, ``job`` at ``/job``.

    ``work_mb`` bounds each of ``/work``, ``/tmp`` and ``/dev/shm``. ``paths`` are seen at their own places. With
    ``module`` the words are ``python -m MODULE 3 *arguments``, without it ``python *arguments``; answers go to
    descriptor 3. ``devices`` are the slot's GPU device files.
    """

    model: Path | None = None
    plugin: Path | None = None
    job: Path | None = None
    paths: tuple[Path, ...] = ()
    threads: int = 1
    memory_mb: int | None = None
    wall_s: float | None = None
    work_mb: int = WORK_MB
    devices: tuple[str, ...] = ()
    module: str = MODULE
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> tuple[str, ...]:
        named = ("-m", self.module, str(RESULTS)) if self.module else ()
        return (sys.executable, "-I", "-B", *named, *self.arguments)

    @property
    def processes(self) -> int:
        """How many processes and threads there may be at once."""
        return 96 + 16 * self.threads


def environment(threads: int, home: str = "/work", extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """Nothing of ours: no tokens, no proxies, no paths of modules."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": home,
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
        **(extra or {}),
    }


def limits(inputs: Inputs, *, contained: bool = True) -> dict[str, int]:
    """By the names of the module ``resource``. The number of processes is set inside, where it counts."""
    bounds = {"RLIMIT_CORE": 0, "RLIMIT_NOFILE": 4 * OPEN_FILES, "RLIMIT_FSIZE": LARGEST}
    if not contained:
        return bounds
    bounds |= {"RLIMIT_NOFILE": OPEN_FILES, "RLIMIT_FSIZE": inputs.work_mb << 20}
    bounds |= {"RLIMIT_MEMLOCK": LOCKED, "RLIMIT_MSGQUEUE": 0}
    if inputs.wall_s is not None:
        bounds["RLIMIT_CPU"] = int(inputs.wall_s * (inputs.threads + 1)) + 10
    if inputs.memory_mb is not None and not inputs.devices:  # CUDA reserves more than it uses
        bounds["RLIMIT_DATA"] = (inputs.memory_mb + HEADROOM_MB) << 20
    return bounds


def interpreter() -> list[Path]:
    """The folders that Python and our packages need, outermost only. Raises ``NoContainment`` for one too wide."""
    real = Path(os.path.realpath(sys.executable)).parent.parent
    shelves = [Path(one.__file__ or "").resolve().parents[1] for one in (landbridge_evaluation, landbridge_plugins)]
    installed = [Path(one) for one in sys.path if Path(one).name in PACKAGES]  # a .pth may name another environment's
    wanted = [Path(sys.base_prefix), Path(os.path.realpath(sys.base_prefix)), real, Path(sys.prefix)]
    wanted += [*shelves, *installed]
    found: list[Path] = []
    for path in sorted(set(wanted)):
        if not any(path.is_relative_to(one) for one in (Path("/usr"), *found)):
            found.append(path)
    for path in found:
        too_wide(path)
    return found


def too_wide(path: Path) -> None:
    home = config.HOME
    if len(path.parts) < 3 or path == Path.home() or (home is not None and home.is_relative_to(path)):  # noqa: PLR2004 /, /x
        raise NoContainment(
            f"{path} holds Python and more than that. Install it into a virtual environment of its own."
        )


def binds(inputs: Inputs) -> Iterator[tuple[Path, str]]:
    """(what, where it is seen), all read-only, besides the system's own folders."""
    for path in interpreter():
        yield path, str(path)
    yield from given(inputs)


def given(inputs: Inputs) -> Iterator[tuple[Path, str]]:
    """The part of ``binds`` that this process alone gets."""
    for path in inputs.paths:
        yield path.resolve(), str(path)
    if inputs.model is not None:
        yield from model_files(inputs.model.resolve(), trusted=inputs.plugin is None)
    for one, target in ((inputs.plugin, "/plugin"), (inputs.job, "/job")):
        if one is not None:
            yield one.resolve(), target


def model_files(folder: Path, *, trusted: bool) -> Iterator[tuple[Path, str]]:
    """The folder; where it holds links that lead out of it, as the Hub's own cache does, what they lead to, one by one.

    Never for a model with a lab's code, whose links are the lab's.
    """
    if not trusted or not any(one.is_symlink() and leads_out(one, folder) for one in folder.rglob("*")):
        yield folder, "/model"
        return
    for one in sorted(folder.rglob("*")):
        if one.is_file():
            yield one.resolve(), f"/model/{one.relative_to(folder).as_posix()}"


def leads_out(link: Path, folder: Path) -> bool:
    return not link.resolve().is_relative_to(folder)


def arguments(inputs: Inputs, bwrap: str, staged: Callable[[Path], str] = str) -> list[str]:
    """The whole command. ``staged`` tells where a source lies in the view of the one who starts bwrap."""
    size = str(inputs.work_mb << 20)
    made = [bwrap, *f"{NAMESPACES} {PRIVILEGES} {IDENTITY}".split(), *system()]
    made += ["--proc", "/proc", "--dev", "/dev"]
    for place in ("/dev/shm", "/tmp", "/work"):  # noqa: S108 fresh ones, inside
        made += ["--size", size, "--tmpfs", place]
    made += ["--chdir", "/work", *devices(inputs.devices)]
    for source, target in binds(inputs):
        made += ["--ro-bind", staged(source), target]
    for name, value in environment(inputs.threads, extra=inputs.env).items():
        made += ["--setenv", name, value]
    made += ["--ro-bind", "/proc/sys", "/proc/sys", "--remount-ro", "/dev", "--remount-ro", "/"]
    made += ["--seccomp", str(FILTER), "--json-status-fd", str(STATUS), "--"]
    return [*made, "prlimit", f"--nproc={inputs.processes}:{inputs.processes}", *inputs.words]


def system() -> Iterator[str]:
    yield from ("--ro-bind", "/usr", "/usr")
    for name in SYSTEM:
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", str(path.readlink()), str(path))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    yield from ("--dir", "/etc")
    if Path("/etc/ld.so.cache").is_file():
        yield from ("--ro-bind", "/etc/ld.so.cache", "/etc/ld.so.cache")


def devices(named: Sequence[str]) -> Iterator[str]:
    """After ``--dev``, whose folder they stand in. ``cuInit`` fails with 304 without ``/sys``."""
    if named:
        for path in (*named, *CUDA):
            if Path(path).exists():
                yield from ("--dev-bind", path, path)
        yield from ("--ro-bind", "/sys", "/sys")
