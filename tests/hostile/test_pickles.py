"""Weights are let in by what they are: every malicious pickle is refused under every name, no sound file is."""

import io
from pathlib import Path

import pytest

from landbridge_client.formats import FormatError, read_header
from landbridge_client.screening import folder_files, screen
from landbridge_evaluation.errors import Fault
from landbridge_evaluation.supervisor.model import open_model
from tests.client.model_folders import good, write
from tests.hostile.pickles import BENIGN, MALICIOUS, NAMES

HERE = Path("/tmp/landbridge-was-here")  # noqa: S108 what the pickles would make


def test_there_are_thirteen() -> None:
    assert len(MALICIOUS) == 13


@pytest.mark.parametrize("kind", MALICIOUS)
def test_a_malicious_pickle_is_refused_under_any_name(kind: str, tmp_path: Path) -> None:
    passed = []
    for name in NAMES:
        folder = write(good(tmp_path / name), {name: MALICIOUS[kind]})
        if not any(one.blocking and name in one.message for one in screen(folder_files(folder))):
            passed.append(name)
    assert not passed and not HERE.exists()


@pytest.mark.parametrize("kind", MALICIOUS)
def test_the_header_parser_takes_none_for_weights(kind: str) -> None:
    with pytest.raises(FormatError):
        read_header(io.BytesIO(MALICIOUS[kind]), len(MALICIOUS[kind]))


@pytest.mark.parametrize("kind", MALICIOUS)
def test_the_engine_loads_none(kind: str, tmp_path: Path) -> None:
    """As a folder's only weights: under PyTorch's names no model is seen, under safetensors' none is loaded."""
    pytest.importorskip("safetensors")
    from safetensors import SafetensorError, safe_open  # noqa: PLC0415 it is looked for first

    for name in ("pytorch_model.bin", "model.pt", "model.ckpt", "model.npy"):
        folder = write(good(tmp_path / name, model__safetensors=None), {name: MALICIOUS[kind]})
        with pytest.raises(Fault):
            open_model(folder)
    path = tmp_path / "model.safetensors"
    path.write_bytes(MALICIOUS[kind])
    with pytest.raises(SafetensorError), safe_open(path, framework="numpy"):
        pass
    assert not HERE.exists()


@pytest.mark.parametrize("kind", BENIGN)
def test_no_sound_file_is_refused(kind: str, tmp_path: Path) -> None:
    folder = good(tmp_path, model__safetensors=None)
    findings = screen(folder_files(write(folder, BENIGN[kind])))
    assert [one.message for one in findings if one.blocking] == []
    for path in tmp_path.glob("*.safetensors"):
        read_header(path)
