"""``python -m landbridge_evaluation worker``: what it needs, and how it ends."""

import fcntl
from pathlib import Path

import pytest

from landbridge_evaluation import config, worker_cli
from landbridge_evaluation.cli import main


def test_without_address_or_token_it_says_where_one_comes_from(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(config, "LANDBRIDGE_TOKEN", "")
    assert main(["worker", "--url", "http://127.0.0.1:1", "--home", str(tmp_path)]) == worker_cli.USAGE
    assert "create_worker" in capsys.readouterr().err


def test_two_workers_do_not_share_a_home(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:

    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status = main(["worker", "--url", "http://127.0.0.1:1", "--token", "lb_x", "--home", str(tmp_path)])
    assert status == worker_cli.USAGE and "--home" in capsys.readouterr().err
