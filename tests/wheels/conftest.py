"""A scaffolded plugin's wheel, and an instance that may run it: one for all tests of this folder."""

import subprocess  # noqa: TID251 the command line is what is tested
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_evaluation.sandbox import probe
from landbridge_evaluation.worker.plugins import remove
from tests.stack import ROOT, Stack, environment_of, running


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


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return scaffolded(tmp_path_factory.mktemp("projects"), "lumen-letters")


@pytest.fixture(scope="session")
def wheel(project: Path) -> Path:
    return wheel_of(project)


@pytest.fixture(scope="session")
def contained(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where the sandbox does not hold: a lab's code runs nowhere else."""
    found = probe(tmp_path_factory.mktemp("probe"))
    if not found.passed:
        pytest.skip(f"no containment here: {found.why}")


@pytest.fixture(scope="session")
def stack(contained: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    home = tmp_path_factory.mktemp("instance") / "home"
    with running(home, "--no-demo") as started:
        yield started
    remove(home / "worker")
