"""PyTorch's pickles become safetensors in the sandbox; what they do there stays there, and leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from landbridge_client.formats.safetensors import read_header
from landbridge_evaluation import config, conversion
from landbridge_evaluation.cli import main
from landbridge_evaluation.sandbox import Inputs
from tests.client.model_folders import WEIGHTS
from tests.hostile.pickles import MALICIOUS
from tests.sandbox.conftest import probed  # noqa: F401 a fixture
from tests.sandbox.kit import needs_bwrap

pytestmark = pytest.mark.xdist_group("convert")
MARK = Path("/tmp/landbridge-was-here")  # noqa: S108 what the pickles would make


@pytest.fixture(autouse=True)
def _own_home(probed: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811 the fixture
    monkeypatch.setattr(config, "HOME", probed)


def checkpoint(torch: Any) -> dict[str, Any]:  # noqa: ANN401 looked for first
    tied = torch.randn(4, 3)
    return {
        "embed": tied,
        "head": tied,
        "half": torch.ones(2, dtype=torch.bfloat16),
        "scalar": torch.tensor(3),
        "empty": torch.empty(0, 4),
        "complex": torch.randn(3, dtype=torch.complex64).conj(),
        "turned": torch.randn(5, 2).t(),
        "flags": torch.tensor([True, False]),
        "small": torch.ones(3).to(torch.float8_e4m3fn),
        "part": torch.arange(100)[10:20:2],
        "epoch": 3,
    }


@needs_bwrap
def test_a_folder_of_shards_comes_out_whole_and_as_it_was(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file  # noqa: PLC0415 beside torch

    source, output = tmp_path / "old", tmp_path / "new"
    source.mkdir()
    first = checkpoint(torch)
    torch.save(first, source / "pytorch_model-00001-of-00002.bin")
    second = {"state_dict": {"last": torch.nn.Parameter(torch.ones(2))}, "optimizer": {}}
    torch.save(second, source / "pytorch_model-00002-of-00002.bin", _use_new_zipfile_serialization=False)
    (source / "training_args.bin").write_bytes(MALICIOUS["reduce"])  # what a training leaves is not asked for
    for path in source.iterdir():
        path.chmod(0o600)
    assert main(["convert", str(source), "--output", str(output), "--json"]) == 0
    one, two = json.loads(capsys.readouterr().out)["files"]
    assert one["dropped"] == ["epoch"] and (one["tied"], one["tensors"], two["tensors"]) == (1, 9, 1)
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    assert sorted(path.name for path in output.iterdir()) == [*names, "model.safetensors.index.json"]
    kept = {**load_file(output / names[0]), **load_file(output / names[1])}
    for name, tensor in kept.items():
        assert torch.equal(tensor, first[name] if name in first else torch.ones(2)), name
    assert {"head", "epoch"} == first.keys() - kept.keys()
    assert read_header(output / names[0]).metadata == {"format": "pt", "head": "embed"}
    index = json.loads((output / "model.safetensors.index.json").read_text())
    assert index["weight_map"] == {name: names[name == "last"] for name in kept}
    assert main(["convert", str(source), "--output", str(output)]) == 1  # nothing is written over


@needs_bwrap
@pytest.mark.parametrize("kind", ["torch_zip", "nested", "stack_global"])
def test_a_malicious_pickle_is_refused_and_leaves_nothing(
    kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    (tmp_path / "weights.pt").write_bytes(MALICIOUS[kind])
    assert main(["convert", str(tmp_path / "weights.pt"), "--output", str(tmp_path / "new")]) == 1
    said = capsys.readouterr().err
    assert "weights.pt was not converted" in said and said.isprintable() is (said.count("\n") == 0)
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pt"] and not MARK.exists()


READY = 'os.write(3, b\'{"k":"r","v":{}}\\n\')\n'
TAKEN_OVER = {
    "no weights": (READY + "os.write(3, b'cos\\nsystem\\n(S\"id\"\\ntR.')", "is no safetensors"),
    "weights and a pickle": (READY + f"os.write(3, {WEIGHTS + MALICIOUS['reduce']!r})", "is no safetensors"),
    "nothing": ("pass", "ended with 0"),
    "a flood": (READY + "while True: os.write(3, bytes(1 << 20))", "larger than the file"),
    "a line without end": ("while True: os.write(3, b'x' * 4096)", "line without end"),
    "two of a key": ('os.write(3, b\'{"k":"r","k":"r"}\\n\')', "doubled key"),
    "a terminal": ('os.write(3, b\'{"k":"f","code":"x","text":"\\\\u001b[2J"}\\n\')', "was not converted"),
    "an end after the weights": (READY + f"os.write(3, {WEIGHTS!r})\nos._exit(3)", "ended with 3"),
    "a writer outside": ("open('/job/x', 'w')", "Read-only file system"),
}


@needs_bwrap
@pytest.mark.parametrize("deed", TAKEN_OVER)
def test_a_file_that_took_over_the_process_gets_nothing_out(
    deed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if unpickling had let it in: the file is a program, and it is run in place of the converter."""
    program, reason = TAKEN_OVER[deed]
    (tmp_path / "weights.pt").write_bytes(b"import os\n" + program.encode())
    monkeypatch.setattr(conversion, "begins_right", lambda _path: True)
    monkeypatch.setattr(conversion, "inputs_for", taken_over)
    with pytest.raises(conversion.Refused, match=reason) as caught:
        conversion.convert(tmp_path / "weights.pt", tmp_path / "new")
    assert str(caught.value).replace("\n", "").isprintable()
    assert [path.name for path in tmp_path.iterdir()] == ["weights.pt"]


def taken_over(job: Path, _size: int) -> Inputs:
    return Inputs(job=job, module="", arguments=(conversion.PLACE,), memory_mb=512, wall_s=20)


@needs_bwrap
def test_what_comes_out_right_is_kept_whoever_wrote_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weights.pt").write_text("import os\n" + READY + f"os.write(3, {WEIGHTS!r})")
    monkeypatch.setattr(conversion, "begins_right", lambda _path: True)
    monkeypatch.setattr(conversion, "inputs_for", taken_over)
    (made,) = conversion.convert(tmp_path / "weights.pt", tmp_path / "new")
    assert made.path.read_bytes() == WEIGHTS and made.path == tmp_path / "new" / "weights.safetensors"


OTHERS = {
    "tf_model.h5": "from_tf=True", "saved_model.pb": "from_tf=True", "model.ckpt.index": "from_tf=True",
    "flax_model.msgpack": "from_flax=True", "model.onnx": "onnx.numpy_helper", "model.gguf": "gguf_file",
    "arrays.npz": "safetensors.numpy", "model.pkl": "save_pretrained", "model.safetensors": "already",
    "model.pt": "no PyTorch file", "notes.txt": "no PyTorch file",
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_other_formats_are_refused_with_what_helps(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_bytes(b"\x00\x01\x02\x03" * 9)
    assert main(["convert", str(tmp_path / name), "--output", str(tmp_path / "new")]) == 1
    assert OTHERS[name] in capsys.readouterr().err and not (tmp_path / "new").exists()


def test_nothing_is_read_where_nothing_contains(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("torch")
    monkeypatch.setattr(config, "SANDBOX", "none")
    (tmp_path / "weights.pt").write_bytes(MALICIOUS["torch_zip"])
    assert main(["convert", str(tmp_path / "weights.pt"), "--output", str(tmp_path / "new")]) == 4
    assert "LANDBRIDGE_SANDBOX" in capsys.readouterr().err and not (tmp_path / "new").exists()


def wrapped(torch: Any) -> list[tuple[Any, str]]:  # noqa: ANN401 looked for first
    one = torch.ones(2)
    return [
        ([one], "holds a list"),
        ({"epoch": 3}, "no tensors"),
        ({1: one}, "a name"),
        ({"a\x1bb": one}, "a name"),
        ({"__metadata__": one}, "a name"),
        ({"a": one.to_sparse()}, "sparse"),
        ({"a": torch.ones(2, dtype=torch.complex128)}, "complex128"),
    ]


def test_what_is_no_set_of_weights_is_said_so() -> None:
    torch = pytest.importorskip("torch")
    from landbridge_evaluation.child.convert import Unfit, weights  # noqa: PLC0415 beside torch

    for value, reason in wrapped(torch):
        with pytest.raises(Unfit, match=reason):
            weights(value, torch)
    kept, dropped = weights({"model": {"module": {"w": torch.ones(1), "step": 2}}, "args": {}}, torch)
    assert [*kept] == ["w"] and dropped == ["step"]
