"""The one child process of the command: the conformance kit, which imports a stranger's plugin."""

import subprocess  # noqa: TID251 the sandbox belongs to the engine; here a lab runs its own code on its own machine
import sys
from pathlib import Path

from landbridge_client.errors import LandbridgeError

LIMIT = 600  # seconds


def plugin_check(folder: Path, model: Path | None, *, as_json: bool) -> int:
    """Run ``python -m landbridge_plugins check`` on ``folder``, its output passed on; its exit code."""
    if not folder.is_dir():
        raise LandbridgeError(f"{folder} is not a folder.", code="not_a_folder")
    command = [sys.executable, "-m", "landbridge_plugins", "check", str(folder.resolve())]
    command += ["--model", str(model.resolve())] if model else []
    command += ["--json"] if as_json else []
    try:
        return subprocess.run(command, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL).returncode  # noqa: S603 our own interpreter and module
    except subprocess.TimeoutExpired as error:
        raise LandbridgeError(f"The check of {folder} took longer than {LIMIT} s.", code="timeout") from error
