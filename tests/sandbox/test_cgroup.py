"""Control groups, on a folder that looks like a delegated one: few test machines have one."""

from pathlib import Path

import pytest

from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, cgroup, door
from tests.sandbox.kit import needs_bwrap, reachable


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "landbridge-worker.service"
    folder.mkdir()
    (folder / "cgroup.controllers").write_text("cpu memory pids\n")
    monkeypatch.setattr(cgroup, "own_group", lambda: folder)
    monkeypatch.setattr(cgroup, "handed_over", lambda _: True)
    return folder


def test_a_group_bounds_memory_and_processes(base: Path) -> None:
    group = cgroup.make(Inputs(memory_mb=1000, work_mb=100, threads=1))
    assert group is not None and group.parent == base
    assert (group / "memory.max").read_text() == str((1000 + 300 + 64) << 20)
    assert (group / "pids.max").read_text() == str(112 + 16) and (group / "memory.oom.group").read_text() == "1"
    assert (base / "supervisor" / "cgroup.procs").read_text().isdigit()
    assert (base / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert not cgroup.out_of_memory(group)
    (group / "memory.events").write_text("low 0\noom 1\noom_kill 1\n")
    assert cgroup.out_of_memory(group)


@pytest.mark.parametrize("why", ["not delegated", "no controllers", "none"])
def test_what_was_not_handed_over_is_left_alone(why: str, base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if why == "not delegated":
        monkeypatch.setattr(cgroup, "handed_over", lambda _: False)
    elif why == "no controllers":
        (base / "cgroup.controllers").write_text("cpu\n")
    else:
        monkeypatch.setattr(cgroup, "own_group", lambda: None)
    assert cgroup.make(Inputs(memory_mb=1)) is None and not (base / "supervisor").exists()


@needs_bwrap
def test_a_process_goes_into_its_group_and_the_kernels_word_is_heard(base: Path) -> None:
    with reachable() as folder:
        (folder / "program.py").write_text("import os\nos.write(3, b'ran')\nos._exit(9)")
        child = sandbox.launch(Inputs(job=folder, module="", arguments=("/job/program.py",)), "bwrap")
        assert child.group is not None
        (child.group / "memory.events").write_text("oom_kill 1\n")
        made = door.run(child)
    assert (child.group / "cgroup.procs").read_text() == "0"
    assert (made.why, bytes(made.result)) == ("memory", b"ran")
