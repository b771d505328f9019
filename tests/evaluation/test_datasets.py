"""The sealed form: inputs and labels apart, digests that name the bytes, a card that the Hub's clients read."""

import json
from pathlib import Path

import pytest
import yaml

from landbridge_evaluation.datasets import open_sealed, seal
from landbridge_evaluation.errors import ContentChanged, TaskFault
from landbridge_plugins import TaskSpec

ROWS = [{"text": f"text {one}", "label": f"gold {one}", "speaker": "s"} for one in range(5)]


@pytest.fixture
def task(tmp_path: Path) -> TaskSpec:
    for split in ("train", "test"):
        folder = tmp_path / "rows"
        folder.mkdir(exist_ok=True)
        (folder / f"{split}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return TaskSpec.from_json(
        {
            "name": "sealed_task",
            "kind": "classify",
            "dataset": {"ref": "file:rows", "split": "test", "train_split": "train"},
            "prompt": {"input": {"column": "text"}, "target": {"column": "label"}},
            "metrics": ["acc"],
            "cluster_by": "speaker",
        }
    )


def test_inputs_and_labels_lie_in_files_of_their_own(task: TaskSpec, tmp_path: Path) -> None:
    sealed = seal(task, tmp_path / "out", base=tmp_path)
    inputs, labels = (tmp_path / "out" / part / "test.jsonl" for part in ("data", "labels"))
    assert "gold" not in inputs.read_text() and "speaker" not in inputs.read_text()
    assert json.loads(labels.read_text().splitlines()[2]) == {"label": "gold 2", "speaker": "s"}
    assert list(sealed.rows("test")) == ROWS and sealed.counts == {"test": 5, "train": 5}


def test_the_folder_says_what_it_is(task: TaskSpec, tmp_path: Path) -> None:
    sealed = seal(task, tmp_path / "out", base=tmp_path)
    assert open_sealed(tmp_path / "out") == sealed
    front = yaml.safe_load((tmp_path / "out" / "README.md").read_text().split("---")[1])
    names = {one["config_name"]: [file["path"] for file in one["data_files"]] for one in front["configs"]}
    assert names == {
        "default": ["data/test.jsonl", "data/train.jsonl"],
        "labels": ["labels/test.jsonl", "labels/train.jsonl"],
    }
    manifest = json.loads((tmp_path / "out" / "landbridge.dataset.json").read_text())
    assert manifest["schema"] == "landbridge.dataset/1" and set(manifest) >= {
        "ref", "counts", "digest", "labels_digest", "features", "license", "commercial",
    }  # fmt: skip


def test_equal_rows_have_equal_digests_and_a_changed_byte_is_seen(task: TaskSpec, tmp_path: Path) -> None:
    first, second = (seal(task, tmp_path / name, base=tmp_path) for name in ("one", "two"))
    assert (first.digest, first.labels_digest) == (second.digest, second.labels_digest)
    first.verify()
    labels = tmp_path / "one" / "labels" / "test.jsonl"
    labels.write_text(labels.read_text().replace("gold 1", "gold 9"))
    with pytest.raises(ContentChanged, match="labels_digest"):
        first.verify()


def test_what_is_not_there_is_said_so(task: TaskSpec, tmp_path: Path) -> None:
    with pytest.raises(TaskFault, match="no sealed dataset"):
        open_sealed(tmp_path)
    with pytest.raises(TaskFault, match="There are: test, train"):
        list(seal(task, tmp_path / "out", base=tmp_path).rows("validation"))
    with pytest.raises(TaskFault, match="bundled:digits"):
        seal("bundled:nothing", tmp_path / "none")
    with pytest.raises(TaskFault, match="file at"):
        seal(task, tmp_path / "none", base=tmp_path / "elsewhere")


def test_bundled_digits_are_sealed_with_their_classes(tmp_path: Path) -> None:
    sealed = seal("bundled:digits", tmp_path)
    assert sealed.counts["test"] == 450 and sealed.names("label") == tuple("0123456789")
    assert "label" not in (tmp_path / "data" / "test.jsonl").read_text()
    assert sealed.commercial and sealed.license == "CC-BY-4.0"
