"""The filter of system calls: classic BPF made here, so that no library is needed. Unknown calls are allowed.

SysV memory, queues and semaphores are refused besides what the kernel surface asks for, because no watchdog sees them;
so are ``PR_SET_DUMPABLE``, with which a process hides its memory from one, files without a name (sent over a socket and
closed, they are nobody's), and sockets that keep more than the default.
"""

import errno
import platform
import struct

from landbridge_evaluation.sandbox.syscalls import AUDIT, CHECKED, X32, refused

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
UNIX, DUMPABLE, SEND_BUFFER = 1, 4, 7
NEW_NAMESPACES = 0x7E020000
TERMINAL = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: what types into the terminal outside

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, constant


def stop(error: int = errno.EPERM) -> Instruction:
    return (RETURN, 0, 0, ERRNO | error)


def load(offset: int) -> Instruction:
    return (LOAD, 0, 0, offset)


def argument(index: int) -> Instruction:
    """The low half: every argument that is looked at is an ``int`` to the kernel (both machines are little-endian)."""
    return load(ARGUMENTS + 8 * index)


def instructions(machine: str, *, gpu: bool = False) -> list[Instruction]:
    """The program for ``x86_64`` or ``aarch64``. Raises ``KeyError`` for another machine: there is no filter for it."""
    allow, special = (RETURN, 0, 0, ALLOW), CHECKED[machine]
    made: list[Instruction] = [load(ARCH), (EQUAL, 1, 0, AUDIT[machine]), stop(), load(NUMBER)]
    if machine == "x86_64":
        made += [(AT_LEAST, 0, 1, X32), stop()]
    for number in sorted(refused(machine, gpu=gpu).values()):
        made += [(EQUAL, 0, 1, number), stop()]
    made += [
        (EQUAL, 0, 1, special["clone3"]),
        stop(errno.ENOSYS),
    ]  # its flags lie in memory; callers fall back to clone
    made += [(EQUAL, 0, 4, special["socket"]), argument(0), (EQUAL, 0, 1, UNIX), allow, stop()]
    made += [(EQUAL, 0, 4, special["clone"]), argument(0), (ANY_BIT, 0, 1, NEW_NAMESPACES), stop(), allow]
    made += [(EQUAL, 0, 4, special["prctl"]), argument(0), (EQUAL, 0, 1, DUMPABLE), stop(), allow]
    made += [(EQUAL, 0, 4, special["setsockopt"]), argument(2), (EQUAL, 0, 1, SEND_BUFFER), stop(), allow]
    made += [
        (EQUAL, 0, 4, special["ioctl"]),
        argument(1),
        (EQUAL, 1, 0, TERMINAL[0]),
        (EQUAL, 0, 1, TERMINAL[1]),
        stop(),
    ]
    return [*made, allow]


def program(machine: str | None = None, *, gpu: bool = False) -> bytes:
    """What ``bwrap --seccomp`` reads: an array of ``struct sock_filter``."""
    wanted = machine or platform.machine()
    return b"".join(struct.pack("<HBBI", *one) for one in instructions(wanted, gpu=gpu))
