"""A server to talk to, and an environment that points nowhere else."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_client.cli import main
from tests.client.server import TOKEN, Run, Server, running


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as state:
        yield state


@pytest.fixture(autouse=True)
def _nothing_of_the_machine_s_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for prefix in ("LANDBRIDGE", "HF"):
        monkeypatch.delenv(f"{prefix}_ENDPOINT", raising=False)
        monkeypatch.delenv(f"{prefix}_TOKEN", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("NO_COLOR", "1")


@pytest.fixture
def run(server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run one command line against the server: its exit code, stdout and stderr."""
    monkeypatch.setenv("LANDBRIDGE_ENDPOINT", server.url)
    monkeypatch.setenv("LANDBRIDGE_TOKEN", TOKEN)

    def call(line: str) -> tuple[int, str, str]:
        code = main(shlex.split(line))
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return call
