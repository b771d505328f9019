"""Running small programs in the sandbox, by the tests' own user and, where that is root, also by one who is not."""

import json
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, door, tiers

needs_bwrap = pytest.mark.skipif(tiers.bwrap() is None, reason="bubblewrap is not installed")
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="the tests do not run as root")
STARTERS = ["root", "other"] if os.geteuid() == 0 else ["other"]
DRIVER = Path(__file__).with_name("driver.py")


@contextmanager
def reachable() -> Iterator[Path]:
    """A folder that every user may read: pytest's own are for one."""
    with tempfile.TemporaryDirectory(prefix="landbridge-test-") as made:
        folder = Path(made)
        folder.chmod(0o755)
        yield folder


def run(program: str, starter: str, *, wall: float = 20, memory_mb: int = 512) -> dict[str, Any]:
    """What the sandbox says of ``program``, started by root or by a user who is not."""
    with reachable() as folder:
        (folder / "program.py").write_text(textwrap.dedent(program), encoding="utf-8")
        if starter == "root" or os.geteuid() != 0:
            return inside(folder, wall, memory_mb)
        shutil.copyfile(DRIVER, folder / "driver.py")
        (folder / "work").mkdir()
        words = (str(folder / "driver.py"), str(folder), str(wall), str(memory_mb))
        child = sandbox.launch(Inputs(job=folder, module="", arguments=words), "none", folder / "work")
        made = door.run(child, wall_s=60)
        assert made.exit == 0, made.log.decode()
        said: dict[str, Any] = json.loads(bytes(made.result))
        return said


def inside(folder: Path, wall: float, memory_mb: int) -> dict[str, Any]:
    """Used by ``driver.py`` too."""
    inputs = Inputs(job=folder, module="", arguments=("/job/program.py",), wall_s=wall, memory_mb=memory_mb)
    made = door.run(sandbox.launch(inputs, "bwrap"), wall_s=wall, memory_mb=memory_mb)
    return {**made.to_json(), "began": made.began, "log": made.log.decode(), "result": made.result.decode()[:10_000]}


PYTHON = sys.executable
