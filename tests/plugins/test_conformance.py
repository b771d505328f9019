"""The conformance kit says what is wrong with a plugin, before anyone else finds out."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from landbridge_plugins.__main__ import main

GOOD = """
from landbridge_plugins import Modality, ModelSpec, hookimpl

class Model:
    labels = ("no", "yes")
    def classify(self, items):
        return [[0.0, -1.0] for _ in items]

@hookimpl
def register_models():
    return [ModelSpec(slug="good-one", title="Good", modality=Modality.TEXT, license="MIT")]

@hookimpl
def load_model(spec, files):
    return Model() if spec.slug == "good-one" else None
"""


@pytest.fixture(autouse=True)
def clean_path() -> Iterator[None]:
    """What a check adds to the path and imports is gone afterwards."""
    path, modules = list(sys.path), set(sys.modules)
    yield
    sys.path[:] = path
    for name in set(sys.modules) - modules:
        if name.startswith("checked_"):
            del sys.modules[name]


def project(folder: Path, code: str, name: str) -> str:
    (folder / f"{name}.py").write_text(code)
    declared = f'[project]\nname = "x"\n[project.entry-points.landbridge]\nx = "{name}"\n'
    (folder / "pyproject.toml").write_text(declared)
    return str(folder)


def codes(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [one["code"] for one in json.loads(capsys.readouterr().out)]


def test_a_good_plugin_and_its_model_pass(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "landbridge.json").write_text('{"schema": "landbridge.model/1", "slug": "good-one"}')
    target = project(tmp_path, GOOD, "checked_good")
    assert main(["check", target, "--model", str(model), "--json"]) == 0
    assert codes(capsys) == []


@pytest.mark.parametrize(
    ("name", "code", "finding"),
    [
        ("checked_typo", GOOD.replace("def load_model", "def load_modle"), "wrong_hook"),
        ("checked_argument", GOOD.replace("load_model(spec, files)", "load_model(spec, folder)"), "wrong_hook"),
        ("checked_import", "import a_module_that_is_not_there", "not_importable"),
        ("checked_empty", "x = 1", "no_hooks"),
        ("checked_license", GOOD.replace('"MIT"', '" "'), "no_license"),
        ("checked_type", GOOD.replace('[ModelSpec(slug="good-one"', '["text", ModelSpec(slug="a-b"'), "wrong_type"),
        ("checked_raises", GOOD.replace("    return [Model", "    1 / 0\n    return [Model"), "hook_raises"),
    ],
)
def test_what_is_wrong_has_a_code(
    name: str, code: str, finding: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", project(tmp_path, code, name), "--json"]) == 1
    assert finding in codes(capsys)


def test_a_model_that_can_do_nothing_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    model.mkdir()
    (model / "landbridge.json").write_text('{"schema": "landbridge.model/1", "slug": "good-one"}')
    target = project(tmp_path, GOOD.replace("return Model() if", "return object() if"), "checked_idle")
    assert main(["check", target, "--model", str(model), "--json"]) == 1
    assert codes(capsys) == ["no_protocol"]


def test_a_name_that_is_not_installed_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "no_such_plugin"]) == 1
    assert "no_entry_point" in capsys.readouterr().out
