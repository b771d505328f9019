"""The examples of deployment say what the programs understand."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from landbridge_client.cli import main as landbridge
from landbridge_client.cli import worker as command
from landbridge_evaluation.worker.signals import GRACE
from landbridge_evaluation.worker_cli import DELIVERS_S, parser

DEPLOY = Path(__file__).parents[2] / "docs" / "deploy"
WORKER = ["-m", "landbridge_evaluation", "worker"]


def unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit; a name may stand several times."""
    text = (DEPLOY / name).read_text().replace("\\\n", " ")
    found: dict[str, list[str]] = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


def services() -> Iterator[tuple[str, dict[str, Any]]]:
    made = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    yield from made["services"].items()


def test_the_units_command_is_one_that_a_worker_understands() -> None:
    python, *words = shlex.split(unit("landbridge-worker.service")["ExecStart"][0])
    assert python.endswith("/bin/python") and words[:3] == WORKER
    asked = parser().parse_args(words[3:])
    assert str(asked.home) == "/var/lib/landbridge-worker" and asked.token_file and not asked.broker


def test_the_unit_gives_a_running_shard_its_time_and_lets_bubblewrap_work() -> None:
    settings = unit("landbridge-worker.service")
    assert int(settings["TimeoutStopSec"][0]) > GRACE + DELIVERS_S
    assert (settings["KillSignal"], settings["KillMode"], settings["Delegate"]) == (["SIGTERM"], ["mixed"], ["yes"])
    closing = {"RestrictNamespaces", "ProtectKernelTunables", "ProtectProc", "ProtectKernelLogs", "ProtectHostname"}
    assert not closing & settings.keys() and "AF_NETLINK" in settings["RestrictAddressFamilies"][0]


def test_the_containers_commands_are_understood() -> None:
    workers = [one for name, one in services() if name.endswith("worker")]
    assert len(workers) == 2
    for one in workers:
        assert one["command"][1:4] == WORKER
        asked = parser().parse_args(one["command"][4:])
        assert asked.token_file.name in one["secrets"]
        assert "seccomp=unconfined" in one["security_opt"] and float(one["stop_grace_period"][:-1]) > GRACE + DELIVERS_S


def test_their_management_commands_exist_and_no_worker_sees_the_database() -> None:
    for _, one in services():
        for name in re.findall(r"manage\.py[ ,]+(\w+)", " ".join(one.get("command") or ())):
            assert name in get_commands()
    secrets = [one.get("environment") for name, one in services() if name.endswith("worker")]
    assert secrets == [None, None]


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What the command would have gone on as."""
    found: list[list[str]] = []
    monkeypatch.setattr(command, "become", found.append)
    return found


def test_the_command_starts_the_engines_worker(become: list[list[str]], tmp_path: Path) -> None:
    (tmp_path / "token").write_text("lb_x")
    line = f"worker --url http://127.0.0.1:9 --token-file {tmp_path}/token --slots 2 --gpus-per-slot 0 --cache-gb 5"
    assert landbridge([*shlex.split(line), "--reserve-gb", "1", "--labels", "fast", "--threads", "2"]) == 0
    (words,) = become
    assert words[1:4] == WORKER
    asked = parser().parse_args(words[4:])
    assert (asked.slots, asked.gpus_per_slot, asked.cache_gb, asked.labels) == (2, 0, 5.0, "fast")


def test_without_the_engine_it_says_what_to_install(
    become: list[list[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "NEEDED", ("a_module_that_is_not_there",))
    assert landbridge(["worker"]) != 0 and not become
    assert "pip install 'landbridge[evaluation]'" in capsys.readouterr().err


def test_the_help_shows_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert landbridge(["worker", "--help"]) == 0
    said = capsys.readouterr().out
    assert "landbridge worker --token-file" in said and "--gpus-per-slot" in said
