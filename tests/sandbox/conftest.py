"""No test here uses the home of whoever runs it."""

from pathlib import Path

import pytest

from landbridge_evaluation import config


@pytest.fixture(scope="session")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that keeps one probe for all."""
    return tmp_path_factory.mktemp("probed")


@pytest.fixture(autouse=True)
def _own_home(probed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config, "HOME", probed)
