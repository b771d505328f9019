"""How processes can be contained here: by bubblewrap, by the operator's own wrapper, or not."""

import shutil
import subprocess  # noqa: TID251 bwrap is asked for its version
import sys
from pathlib import Path

from landbridge_evaluation import config

SYSTEM = "/usr/bin:/bin:/usr/local/bin"
INSTALL = "There is no bubblewrap here. Install it: apt install bubblewrap, dnf install bubblewrap (0.8 or newer)."
OTHERS = (
    "Only Linux has what containment needs here. Attach a Linux machine as a worker, or name a wrapper of your own in "
    "LANDBRIDGE_SANDBOX_WRAPPER. Models without code run."
)
FORBIDDEN = "LANDBRIDGE_SANDBOX=none forbids containment on this machine. Unset it to let lab code run."
APPARMOR = (
    "AppArmor keeps unprivileged user namespaces closed (Ubuntu 23.10 and newer). Allow them to bwrap: write into "
    "/etc/apparmor.d/bwrap `abi <abi/4.0>, include <tunables/global> profile bwrap /usr/bin/bwrap "
    "flags=(unconfined) { userns, }` and run `systemctl reload apparmor`; or, for the whole machine, "
    "`sysctl kernel.apparmor_restrict_unprivileged_userns=0`. See github.com/containers/bubblewrap/issues/632."
)
DOCKER = (
    "The container's seccomp profile or its masked /proc stops user namespaces. Start it with `--security-opt "
    "seccomp=unconfined --security-opt apparmor=unconfined --security-opt systempaths=unconfined`, or run the worker "
    "outside of it. See github.com/containers/bubblewrap/issues/505."
)
CLOSED = (
    "User namespaces are switched off. As root: `sysctl user.max_user_namespaces=15000` and, on old Debian, "
    "`sysctl kernel.unprivileged_userns_clone=1`."
)
ROOT = (
    "A worker that root started needs the right to mount (CAP_SYS_ADMIN) and to change its user; else start it as a "
    "user that is not root, with Python and the worker's home where that user can read them. Models never run as root."
)
OLD = "This bubblewrap is too old: 0.8 or newer is needed (--disable-userns)."


def bwrap() -> str | None:
    return shutil.which("bwrap", path=SYSTEM)


def tier() -> str:
    """``bwrap``, ``wrapper`` or ``none``: what would be used; whether it holds, ``probe`` says."""
    if config.SANDBOX == "none" or sys.platform != "linux":
        return "none" if config.SANDBOX == "none" or not config.SANDBOX_WRAPPER else "wrapper"
    if bwrap() is not None and config.SANDBOX != "wrapper":
        return "bwrap"
    return "wrapper" if config.SANDBOX_WRAPPER else "none"


def version() -> str:
    """Of bubblewrap; of a wrapper its command."""
    found = bwrap()
    if found is None or tier() != "bwrap":
        return config.SANDBOX_WRAPPER
    return subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 found in the system's folders


def absent() -> str:
    """Why the tier is ``none``, with the remedy."""
    if config.SANDBOX == "none":
        return FORBIDDEN
    return INSTALL if sys.platform == "linux" else OTHERS


def remedy(said: str) -> str:
    """What helps where the sandbox could not start and wrote ``said``."""
    if "unknown option" in said.lower():
        return OLD
    if said.startswith("sandbox:"):
        return ROOT
    if number("kernel/apparmor_restrict_unprivileged_userns") == 1:
        return APPARMOR
    if number("user/max_user_namespaces") == 0 or number("kernel/unprivileged_userns_clone") == 0:
        return CLOSED
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists() or "/proc" in said:
        return DOCKER
    return "Run `bwrap --unshare-user --unshare-pid --ro-bind / / --proc /proc true` as the worker's user to see why."


def number(name: str) -> int | None:
    try:
        return int(Path("/proc/sys", name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
