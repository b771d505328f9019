"""What a worker does with a wheel: installed by digest, read-only, last on the path, run in the sandbox only."""

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from landbridge_client.formats.digest import file_digest
from landbridge_evaluation.errors import ContentChanged, LoadFault, NoIsolation, PluginFault
from landbridge_evaluation.jobspec import Bounds, JobSpec, ModelRef
from landbridge_evaluation.sandbox import Probe, probe
from landbridge_evaluation.worker import plugins, screening
from tests.wheels.making import FILE, MODULE, Made, with_member

MODEL = b"""
from landbridge_plugins import Modality, ModelSpec, hookimpl
HERE = %s

class Model:
    labels = ("no", "yes")
    def classify(self, items):
        return [[0.0, -1.0] for _ in items]

@hookimpl
def register_models():
    return [ModelSpec(slug="counts", title=HERE, modality=Modality.TEXT, license="MIT", kinds=("classify",))]

@hookimpl
def load_model(spec, files):
    return Model() if spec.slug == "counts" else None
"""
Screen = Callable[[bytes], dict[str, object]]


@pytest.fixture(scope="module")
def holding(tmp_path_factory: pytest.TempPathFactory) -> Probe:
    found = probe(tmp_path_factory.mktemp("probe"))
    if not found.passed:
        pytest.skip(f"no containment here: {found.why}")
    return found


def wheel_with(folder: Path, code: bytes) -> Path:
    made = Made()
    made.members[f"{MODULE}/__init__.py"] = code
    place = folder / FILE
    place.write_bytes(made.packed())
    return place


def spec_of(wheel: Path, **limits: float) -> JobSpec:
    named = {"wheel": wheel.name, "wheel_sha256": file_digest(wheel)[0], "name": "lumen-counts", "version": "0.1.0"}
    return JobSpec(
        job="01k0000000000000000000000",
        attempt=1,
        kind="screening",
        model=ModelRef(repo="lumen/x", revision="1" * 40, digest="2" * 64),
        tasks=(),
        data=(),
        shards=(),
        plugin={**named, "spec": None},
        isolation="required",
        limits=Bounds(**limits),  # type: ignore[arg-type] # seconds and megabytes
    )


def screened(code: bytes, held: Probe | None, folder: Path, **limits: float) -> dict[str, object]:
    model = folder / "model"
    model.mkdir()
    spec = spec_of(wheel_with(model, code), **limits)
    assert spec.plugin is not None
    said: list[bytes] = []
    installed = plugins.of(spec.plugin, model, folder / "cache")
    try:
        setting = screening.Setting(probe=held, threads=1, work_dir=folder, stop=lambda: None, log=said.append)
        return screening.screen(spec, model, installed, setting)
    finally:
        plugins.remove(installed)


def test_a_wheel_is_installed_once_by_digest_and_read_only(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, b"MARK = 1\n")
    digest = file_digest(wheel)[0]
    place = plugins.install(wheel, digest, tmp_path)
    assert place.name == digest and (place / MODULE / "__init__.py").read_bytes() == b"MARK = 1\n"
    assert not any(stat.S_IMODE(one.stat().st_mode) & 0o222 for one in [place, *place.rglob("*")])
    assert not list(place.rglob("*.pyc")), "nothing of it was compiled or run"
    first = place.stat().st_ino
    assert plugins.install(wheel, digest, tmp_path).stat().st_ino == first, "the same folder again"
    (place / MODULE / "__init__.py").chmod(0o644)
    (place / MODULE / "__init__.py").write_bytes(b"MARK = 2\n")
    again = plugins.install(wheel, digest, tmp_path)
    assert (again / MODULE / "__init__.py").read_bytes() == b"MARK = 1\n", "what was changed is installed anew"
    plugins.remove(again)


def test_other_bytes_and_shadowing_names_are_refused_on_this_machine_too(tmp_path: Path) -> None:
    wheel = wheel_with(tmp_path, b"MARK = 1\n")
    with pytest.raises(ContentChanged):
        plugins.install(wheel, "0" * 64, tmp_path)
    wheel.write_bytes(with_member("numpy/__init__.py").packed())
    with pytest.raises(LoadFault) as refused:
        plugins.install(wheel, file_digest(wheel)[0], tmp_path)
    assert refused.value.kind == "module_shadowed" and not (tmp_path / "plugins").exists()


def test_the_kit_runs_in_the_sandbox_and_its_answer_is_read(holding: Probe, tmp_path: Path) -> None:
    said = screened(MODEL % b"__file__", holding, tmp_path)
    models = said["models"]
    assert isinstance(models, list) and models[0]["slug"] == "counts" and said["findings"] == []
    assert models[0]["title"] == f"/plugin/{MODULE}/__init__.py", "seen at its place in the sandbox"
    assert MODULE not in sys.modules


def test_what_is_installed_stands_before_the_plugin(holding: Probe, tmp_path: Path) -> None:
    code = b"import sys, pluggy, landbridge_plugins\n" + MODEL % b"sys.path[-1] + ' ' + pluggy.__file__"
    models = screened(code, holding, tmp_path)["models"]
    assert isinstance(models, list)
    last, _, pluggy = models[0]["title"].partition(" ")
    assert last == "/plugin" and not pluggy.startswith("/plugin")


HOSTILE: dict[str, tuple[bytes, str]] = {
    "the network at import": (b"import socket\nsocket.create_connection(('127.0.0.1', 80), 1)\n", "not_importable"),
    "a file of the host": (b"open('/root/.bashrc').read()\n", "not_importable"),
    "no model": (b"X = 1\n", "no_hooks"),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_what_the_sandbox_does_not_bear_is_a_finding(what: str, holding: Probe, tmp_path: Path) -> None:
    code, finding = HOSTILE[what]
    said = screened(code, holding, tmp_path)["findings"]
    assert isinstance(said, list) and finding in [one["code"] for one in said]


ENDS: dict[str, tuple[bytes, str]] = {
    "ends itself": (b"import os\nos._exit(0)\n", "child_exited"),
    "forges an answer": (b'import os\nos.write(3, b\'{"models": [{"slug": 1}]}\\n\')\nos._exit(0)\n', "bad_frames"),
    "never ends": (b"while True:\n    pass\n", "wall"),
}


@pytest.mark.parametrize("what", ENDS)
def test_a_plugin_that_breaks_the_run_is_the_labs_fault(what: str, holding: Probe, tmp_path: Path) -> None:
    code, kind = ENDS[what]
    with pytest.raises(PluginFault) as fault:
        screened(code, holding, tmp_path, wall_s=3)
    assert fault.value.kind == kind and fault.value.who == "lab" and not fault.value.retryable


@pytest.mark.parametrize("held", [None, Probe(tier="none", passed=False, why="There is no bubblewrap here.")])
def test_without_containment_nothing_of_a_lab_runs(held: Probe | None, tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    with pytest.raises(NoIsolation) as refused:
        screened(f"open({str(mark)!r}, 'w')\n".encode(), held, tmp_path)
    assert refused.value.retryable and not mark.exists()
