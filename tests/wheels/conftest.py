"""A scaffolded plugin's wheel, and an instance that may run it: one for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_evaluation.sandbox import probe
from landbridge_evaluation.worker.plugins import remove
from tests.stack import Stack, running
from tests.wheels.scaffolds import scaffolded, wheel_of


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
