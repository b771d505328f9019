"""What the child gives up before any plugin is imported."""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1
OPEN_FILES = 1024
LARGEST_FILE = 4 << 30  # bytes


def die_with(parent: int) -> None:
    """Be killed when the parent dies, and leave at once if it already did."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(1)


def restrict() -> None:
    limits = {resource.RLIMIT_CORE: 0, resource.RLIMIT_NOFILE: OPEN_FILES, resource.RLIMIT_FSIZE: LARGEST_FILE}
    for which, bound in limits.items():
        _, hard = resource.getrlimit(which)
        allowed = bound if hard == resource.RLIM_INFINITY else min(bound, hard)
        resource.setrlimit(which, (allowed, allowed))
