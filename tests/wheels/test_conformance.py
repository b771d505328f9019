"""The kit asks what a model promises: types, kinds, shapes, the same answer twice, quiet imports."""

import json
import subprocess  # noqa: TID251 a plugin is imported in a process of its own
import sys
from pathlib import Path

import pytest

from tests.stack import ROOT, environment_of

GOOD = """
from landbridge_plugins import Modality, ModelSpec, hookimpl

class Model:
    labels = ("no", "yes")
    def classify(self, items):
        return [[0.0, -float(len(item))] for item in items]

@hookimpl
def register_models():
    return [ModelSpec(slug="good-one", title="Good", modality=Modality.TEXT, license="MIT", kinds=("classify",))]

@hookimpl
def load_model(spec, files):
    return Model() if spec.slug == "good-one" else None
"""
COUNTING = "import itertools\nCOUNT = itertools.count()\n"
ADAPTS = GOOD.replace('kinds=("classify",)', 'kinds=("classify",), adapts=True')
BAD = {
    "kind_not_answered": GOOD.replace('kinds=("classify",)', 'kinds=("classify", "embed")'),
    "answer_misshapen": GOOD.replace("[0.0, -float(len(item))]", "[0.0]"),
    "answer_raises": GOOD.replace("return [[0.0", "return 1 / 0 or [[0.0"),
    "not_deterministic": COUNTING + GOOD.replace("[[0.0,", "[[float(next(COUNT)),"),
    "not_adapted": ADAPTS,
    "adapt_raises": ADAPTS + "\n\n@hookimpl\ndef adapt_model(model, task, train):\n    raise ValueError('no')\n",
    "side_effect": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('127.0.0.1', 9))\n" + GOOD,
    "no_protocol": GOOD.replace("return Model() if", "return object() if"),
}  # fmt: skip


def checked(folder: Path, code: str) -> tuple[int, list[str]]:
    (folder / "checked_one.py").write_text(code)
    declared = '[project]\nname = "x"\n[project.entry-points.landbridge]\nx = "checked_one"\n'
    (folder / "pyproject.toml").write_text(declared)
    command = [sys.executable, "-m", "landbridge_plugins", "check", str(folder), "--json"]
    done = subprocess.run(command, cwd=ROOT, env=environment_of(folder), capture_output=True, text=True, check=False)  # noqa: S603 our own words
    return done.returncode, [one["code"] for one in json.loads(done.stdout)]


def test_a_model_that_keeps_its_word_passes(tmp_path: Path) -> None:
    assert checked(tmp_path, GOOD) == (0, [])


@pytest.mark.parametrize("finding", BAD)
def test_a_promise_that_is_not_kept_has_a_code(finding: str, tmp_path: Path) -> None:
    code, found = checked(tmp_path, BAD[finding])
    assert code == 1 and finding in found
