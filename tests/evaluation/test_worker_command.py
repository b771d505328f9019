"""``python -m landbridge_evaluation worker``: what it needs, and how it ends."""

import fcntl
import subprocess  # noqa: TID251 to look at a fresh interpreter
import sys
from pathlib import Path

import pytest

from landbridge_evaluation import config, worker_cli
from landbridge_evaluation.cli import main

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("module", "unknown"),
    [
        ("landbridge_evaluation.worker_cli", {"django", "landbridge", "torch", "transformers"}),
        ("landbridge_evaluation.worker.process", {"django", "landbridge", "torch", "transformers"}),
        ("landbridge_evaluation.worker.app", {"landbridge", "torch"}),  # kombu itself looks whether Django is there
    ],
)
def test_the_worker_knows_neither_django_nor_torch(module: str, unknown: set[str]) -> None:
    code = (
        f"import sys, {module}; sys.exit(str({unknown!r} & set(sys.modules)) if {unknown!r} & set(sys.modules) else 0)"
    )
    shelves = ":".join(str(ROOT / shelf) for shelf in ("platform", "registry", "plugins", "evaluation"))
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": shelves}, check=True)  # noqa: S603 our own words
