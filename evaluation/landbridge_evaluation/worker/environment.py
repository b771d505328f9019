"""What a statement says of the machine and its software, found outside the child, which may claim anything."""

import hashlib
import json
import os
import platform
import subprocess  # noqa: TID251 to ask the driver what the device is
from collections.abc import Mapping
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution, distributions, version
from pathlib import Path
from typing import Any, Final

from landbridge_client.formats.canonical import canonical_json

OURS: Final = "landbridge"
CPU: Final = "cpu"
DRIVER_S: Final = 5.0  # seconds that the driver's tool may take


@cache
def lock_sha256() -> str:
    """SHA-256 over every installed distribution and its version: equal software has equal digests."""
    found = sorted({(str(one.metadata["Name"]).lower().replace("_", "-"), one.version) for one in distributions()})
    return hashlib.sha256(canonical_json([list(pair) for pair in found])).hexdigest()


@cache
def commit() -> str:
    """The commit that this engine was installed from, where that is known; else empty."""
    try:
        mine = distribution(OURS)
    except PackageNotFoundError:  # a checkout that was never installed
        return ""
    return _installed_from(mine) or _checked_out(Path(__file__).resolve().parents[3])


def _installed_from(mine: Distribution) -> str:
    said = json.loads(mine.read_text("direct_url.json") or "{}")
    return str((said.get("vcs_info") or {}).get("commit_id") or "")


def _checked_out(root: Path) -> str:
    """The commit that a git checkout stands on, read from its files."""
    try:
        head = (root / ".git/HEAD").read_text().strip()
        if not head.startswith("ref: "):
            return head
        ref = head.removeprefix("ref: ")
        loose = root / ".git" / ref
        if loose.is_file():
            return loose.read_text().strip()
        lines = (root / ".git/packed-refs").read_text().splitlines()
    except OSError:
        return ""
    return next((line.split()[0] for line in lines if line.endswith(f" {ref}")), "")


def library(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def device_class(child: Mapping[str, Any], wanted: str, slot: str = "", *, code: bool = False) -> str:
    """``cpu``, or ``cuda:sm90``. What is there, its ``slot`` or the driver says, not the child.

    Whether it was used, a child without a lab's ``code`` is asked; a lab's is taken to use what it was given.
    """
    used = wanted != CPU if code else str(child.get("device") or wanted).startswith("cuda")
    return (slot or next(iter(_compute_capabilities()), CPU)) if used else CPU


@cache
def _compute_capabilities() -> tuple[str, ...]:
    """Of the devices that this process may use."""
    seen = os.environ.get("CUDA_VISIBLE_DEVICES")  # noqa: TID251 the driver's own variable
    command = ["nvidia-smi", "--query-gpu=compute_cap", "--format=csv,noheader", *(["-i", seen] if seen else [])]
    try:
        said = subprocess.run(  # noqa: S603 our own words
            command, capture_output=True, text=True, timeout=DRIVER_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return tuple(f"cuda:sm{line.strip().replace('.', '')}" for line in said.stdout.splitlines() if line.strip())


def environment(
    manifest: Mapping[str, Any], threads: int | None, slot: str = "", *, code: bool = False
) -> dict[str, Any]:
    """What repeats the numbers. What the child says of itself is informative, and marked so (decimals are left)."""
    child = manifest.get("child") or {}
    return {
        "lock_sha256": lock_sha256(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "torch": library("torch"),
        "cuda": str(child.get("cuda") or "") or None,
        "device": str(child.get("device") or manifest.get("device")),
        "device_class": device_class(child, str(manifest.get("device") or ""), slot, code=code),
        "dtype": str(child.get("dtype") or manifest.get("dtype")),
        "deterministic": bool(child.get("deterministic", True)),
        "threads": threads,
        "batch_plan": {
            "path": (manifest.get("engine") or {}).get("path"),
            "batch_tokens": manifest.get("batch_tokens"),
        },
        "libraries": manifest.get("libraries") or {},
        "child_says": child,
    }
