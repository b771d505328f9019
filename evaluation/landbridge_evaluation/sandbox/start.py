"""The last step before a model's process: ``python -I -S -B start.py PLAN``, with nothing but the standard library.

Started by root it makes a private mount namespace, puts what the model's user may not reach under paths that he may,
and gives up root for good; it is never root that goes on. Then it sets limits, binds itself to its parent's life, puts
the descriptors in their places and becomes ``bwrap`` (or, for a control run, the bare program).
"""

import ctypes
import errno
import fcntl  # all that is needed is imported before root is given up: the library may lie in root's home
import json
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

STAGE = "/tmp"  # noqa: S108 hidden by a tmpfs of our own, in a mount namespace of our own
FAILED = 125
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAP_DAC_OVERRIDE, CAPABILITIES_3 = 1, 0x20080522
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442  # on every machine
OPEN_TREE_CLONE, AT_EMPTY_PATH, AT_RECURSIVE, AT_FDCWD = 1, 0x1000, 0x8000, -100
MOUNT_ATTR_RDONLY, MOUNT_ATTR_IDMAP, MOVE_MOUNT_F_EMPTY_PATH = 1, 0x100000, 4
LOOKED = 200  # folders

libc = ctypes.CDLL(None, use_errno=True)


def fail(text: str) -> NoReturn:
    sys.stderr.write(f"sandbox: {text}\n")
    sys.stderr.flush()
    os._exit(FAILED)


def done(result: int, what: str) -> None:
    if result:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    words = [one.encode() if one is not None else None for one in (source, target, kind, data)]
    done(libc.mount(words[0], words[1], words[2], flags, words[3]), f"mount {target}")


def bind(fd: int, target: str, mapping: int | None) -> None:
    """Bind what ``fd`` holds; its place is made. With ``mapping``, root's files there are the new user's, to read."""
    source, place = f"/proc/self/fd/{fd}", Path(target)
    if Path(source).is_dir():
        place.mkdir(parents=True, exist_ok=True)
    else:
        place.parent.mkdir(parents=True, exist_ok=True)
        place.touch()
    if mapping is None or not mapped(fd, target, mapping):
        mount(source, target, None, MS_BIND | MS_REC)


def mapped(fd: int, target: str, mapping: int) -> bool:
    """Whether the file system could show its owner as another: most can since Linux 5.12 to 6.3."""
    tree = libc.syscall(OPEN_TREE, fd, b"", OPEN_TREE_CLONE | AT_EMPTY_PATH | AT_RECURSIVE)
    if tree < 0:
        return False
    wanted = struct.pack("=QQQQ", MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY, 0, 0, mapping)
    try:
        if libc.syscall(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH | AT_RECURSIVE, wanted, len(wanted)):
            return False
        return not libc.syscall(MOVE_MOUNT, tree, b"", AT_FDCWD, target.encode(), MOVE_MOUNT_F_EMPTY_PATH)
    finally:
        os.close(tree)


def owner_mapping(uid: int, gid: int) -> int:
    """A user namespace in which root is ``uid``: held by nothing but the descriptor that this gives."""
    ready, told = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(ready[1], b"-" if libc.unshare(CLONE_NEWUSER) else b"+")
            os.close(told[1])
            os.read(told[0], 1)
        finally:
            os._exit(0)
    try:
        if os.read(ready[0], 1) != b"+":
            raise OSError(errno.EPERM, "unshare")
        for name, number in (("uid_map", uid), ("gid_map", gid)):
            Path(f"/proc/{pid}/{name}").write_text(f"0 {number} 1")
        return os.open(f"/proc/{pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        for one in (*ready, *told):
            os.close(one)
        os.waitpid(pid, 0)


def private(path: str) -> bool:
    """Whether others than its owner may not read all of it; only the first entries of a large folder are looked at."""
    for number, (folder, _, files) in enumerate(os.walk(path, onerror=None)):
        for entry in (folder, *(f"{folder}/{name}" for name in files)):
            mode = Path(entry).lstat().st_mode
            needed = stat.S_IROTH | (stat.S_IXOTH if stat.S_ISDIR(mode) else 0)
            if not stat.S_ISLNK(mode) and mode & needed != needed:
                return True
        if number > LOOKED:
            break
    return False


def stage(pairs: Sequence[tuple[str, str, bool]], hide: Sequence[str], uid: int, gid: int) -> None:
    """Hide each folder of ``hide`` (in this process's view alone) under a fresh tmpfs, then bind each (source, target).

    Third in each: whether it may be shown as the new user's own, if it is private.
    """
    mapping = owner_mapping(uid, gid) if any(own and private(source) for source, _, own in pairs) else None
    done(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", None, MS_REC | MS_PRIVATE)
    held = [(os.open(source, os.O_PATH | os.O_CLOEXEC), target, own) for source, target, own in pairs]
    for folder in hide:
        mount("tmpfs", folder, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for fd, target, own in held:
        bind(fd, target, mapping if own else None)


def give_up_root(uid: int, gid: int, *, reads_all: bool = False) -> None:
    """For good. With ``reads_all`` the new user may still open every file: the last resort of a trusted process."""
    if reads_all:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    if reads_all:
        bit = 1 << CAP_DAC_OVERRIDE
        done(libc.capset(struct.pack("=Ii", CAPABILITIES_3, 0), struct.pack("=6I", bit, bit, bit, 0, 0, 0)), "capset")
        done(libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_DAC_OVERRIDE, 0, 0), "ambient capability")
    if 0 in (*os.getresuid(), *os.getresgid()):
        fail("still root after giving root up")


def die_with(parent: int) -> None:
    """After setuid, which clears it. Bound to the thread that started this process."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(FAILED)


def limit(bounds: Mapping[str, int]) -> None:
    for name, bound in bounds.items():
        which = getattr(resource, name)
        _, hard = resource.getrlimit(which)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (allowed, allowed))


def place(wanted: Mapping[int, int]) -> None:
    """Put each descriptor at its number (target → source), close the others."""
    above = max((*wanted.keys(), *wanted.values())) + 1
    aside = {target: fcntl.fcntl(source, fcntl.F_DUPFD_CLOEXEC, above) for target, source in wanted.items()}
    for target, source in aside.items():
        os.dup2(source, target, inheritable=True)
    os.closerange(max(wanted) + 1, above + 64)


def staged(plan: Mapping[str, Any], uid: int, gid: int) -> bool:
    """Whether all is where the new user may read it. A trusted process goes on where root may not mount."""
    try:
        if plan["stage"]:
            stage(plan["stage"], plan["hide"], uid, gid)
    except OSError:
        if not plan["trusted"]:
            raise
        return False
    return True


def main(plan: Mapping[str, Any]) -> None:
    if plan["group"]:
        Path(plan["group"], "cgroup.procs").write_text("0", encoding="utf-8")
    if os.geteuid() == 0:
        uid, gid = plan["uid"], plan["gid"]
        if uid == 0 or gid == 0:
            fail("LANDBRIDGE_SANDBOX_UID is root. A model never runs as root")
        give_up_root(uid, gid, reads_all=not staged(plan, uid, gid))
    die_with(plan["parent"])
    limit(plan["limits"])
    place({int(target): source for target, source in plan["fds"].items()})
    os.chdir(plan["cwd"])
    os.execve(plan["argv"][0], plan["argv"], plan["env"])  # noqa: S606 the plan is the launcher's own


if __name__ == "__main__":
    try:
        main(json.loads(sys.argv[1]))
    except OSError as error:
        fail(f"the process cannot be prepared: {error}")
