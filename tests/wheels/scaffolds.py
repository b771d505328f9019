"""Plugins as a lab begins them: ``plugin new``, then ``python -m build``."""

import subprocess  # noqa: TID251 the command line is what is tested
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, environment_of


def scaffolded(parent: Path, name: str) -> Path:
    """``plugin new`` and ``python -m build``: the folder of the project, its wheel in ``dist``."""
    pytest.importorskip("build")
    pytest.importorskip("hatchling")
    commands = (
        ("-m", "landbridge_client", "plugin", "new", name, "--output", str(parent)),
        ("-m", "build", "--wheel", "--no-isolation", "--quiet", str(parent / name)),
    )
    for command in commands:
        done = subprocess.run(  # noqa: S603 our own words
            [sys.executable, *command],
            cwd=ROOT,
            env=environment_of(parent),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
    return parent / name


def wheel_of(project: Path) -> Path:
    (wheel,) = (project / "dist").glob("*.whl")
    return wheel
