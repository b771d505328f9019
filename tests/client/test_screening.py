"""Promises of screening: each bad submission is refused by name, and told what to do."""

import io
import json
import pickle  # noqa: TID251 a real pickle is what must be refused
import tarfile  # noqa: TID251 a real archive is what must be refused
import zipfile  # noqa: TID251 a real archive is what must be refused
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge_client.formats import FormatError
from landbridge_client.screening import Limits, folder_files, screen
from landbridge_client.screening.paths import path_problem
from landbridge_plugins import Finding
from tests.client.model_folders import CARD, CONFIG, WEIGHTS, good, safetensors, tensor, write


class Rude:
    """What a malicious pickle looks like: loading it would call ``print``."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return print, ("this must never be seen",)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("../../etc/passwd"))
    return target.getvalue()


def object_array() -> bytes:
    target = io.BytesIO()
    np.save(target, np.array([Rude()], dtype=object))
    return target.getvalue()


def findings_of(folder: Path) -> list[Finding]:
    return screen(folder_files(folder))


def codes_of(folder: Path) -> set[str]:
    return {finding.code for finding in findings_of(folder)}


PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 20 + b"\x00\x00\x00\x00IEND\xaeB`\x82"
BOMB = zipped({"zeros": bytes(20_000_000)})
PICKLES = {f"protocol {n}": pickle.dumps(Rude(), protocol=n) for n in range(6)}


def test_a_sound_folder_has_no_findings(tmp_path: Path) -> None:
    assert findings_of(write(good(tmp_path), {"images/logo.png": PNG, "merges.txt": "cat dog\ncopy right\n"})) == []


def test_a_folder_for_a_plugin_needs_no_weights(tmp_path: Path) -> None:
    marker = json.dumps({"schema": "landbridge.model/1", "slug": "majority"})
    files = {"README.md": CARD, "landbridge.json": marker, "labels.json": "{}"}
    assert findings_of(write(tmp_path, files)) == []


@pytest.mark.parametrize(
    "name", ["model.safetensors", "pytorch_model.bin", "vocab.txt", "extra.json", "data.dat", "noext"]
)
@pytest.mark.parametrize("kind", PICKLES)
def test_a_pickle_is_refused_under_any_name(
    tmp_path: Path, name: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    write(good(tmp_path), {name: PICKLES[kind]})
    blocking = {finding.code for finding in findings_of(tmp_path) if finding.blocking}
    assert blocking & {"pickle_in_weights", "unknown_binary", "safetensors_header", "safetensors_truncated"}
    assert "this must never be seen" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["model2.safetensors", "weights.bin", "vocab.txt", "config2.json"])
@pytest.mark.parametrize("kind", ["protocol 2", "protocol 3", "protocol 4", "protocol 5"])
def test_a_pickle_is_called_one(tmp_path: Path, name: str, kind: str) -> None:
    write(good(tmp_path), {name: PICKLES[kind]})
    (finding,) = findings_of(tmp_path)
    assert finding.code == "pickle_in_weights" and name in finding.message and "safe_serialization" in finding.message


PRINTABLE = b"cos\nsystem\n(S'id'\ntR"
BROKEN = {
    "no end": PRINTABLE,
    "an end of another kind": PRINTABLE + b"\nhello",
    "a name that is none": PRINTABLE + b"c-\n-\n.",
    "by way of the memo": b"cos\nsystem\np0\n0g0\n(S'id'\ntR???",
    "a class": b"(S'id'\nios\nsystem\n!",
    "bytes among letters": "cos\nsystem\nC\t12345678\u0085R!".encode(),
    "endless": b"N" * 200_000,
}


def test_a_printable_pickle_is_called_one_and_a_text_like_it_is_not(tmp_path: Path) -> None:
    texts = ("cold water\nis here\n.\n", "0.", "cat\ndog\nRed\n", "Paris\n.\n", "(a list)\n", "No\n" * 9, "(((" * 9)
    write(good(tmp_path), {f"list{number}.txt": one for number, one in enumerate(texts)})
    write(tmp_path, {"vocab2.txt": PICKLES["protocol 0"]})
    (finding,) = findings_of(tmp_path)
    assert finding.code == "pickle_in_weights" and "vocab2.txt" in finding.message


@pytest.mark.parametrize("kind", BROKEN)
def test_a_pickle_that_runs_before_it_fails_is_one(kind: str, tmp_path: Path) -> None:
    write(good(tmp_path), {"notes.txt": BROKEN[kind]})
    assert codes_of(tmp_path) == {"pickle_in_weights"}


def long_header(length: int, name: bytes = b"t") -> bytes:
    head = b'{"' + name + b'":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}'
    return length.to_bytes(8, "little") + head.ljust(length) + bytes(4)


@pytest.mark.parametrize("length", [128, 384, 640, 896, 1152, 1408, 66_176, 5_046_912])
def test_weights_whose_first_bytes_are_those_of_a_pickle_are_sound(length: int, tmp_path: Path) -> None:
    write(good(tmp_path), {"model.safetensors": long_header(length)})
    assert findings_of(tmp_path) == []


def test_weights_that_can_also_be_unpickled_are_refused(tmp_path: Path) -> None:
    """The header's length spells PROTO 4, BINFLOAT; the name of the first tensor spells NONE, STOP."""
    write(good(tmp_path), {"model.safetensors": long_header(0x01470480, b"xN.")})
    assert codes_of(tmp_path) == {"pickle_in_weights"}


BAD_FILES: dict[str, tuple[str, bytes | str, str]] = {
    "a PyTorch file": ("pytorch_model.bin", zipped({"archive/data.pkl": PICKLES["protocol 2"]}), "pickle_in_weights"),
    "a PyTorch file called text": ("a.txt", zipped({"archive/data.pkl": PICKLES["protocol 2"]}), "pickle_in_weights"),
    "NumPy objects": ("a.npy", object_array(), "pickle_in_weights"),
    "NumPy objects called data": ("a.data", object_array(), "unknown_binary"),
    "a zip bomb": ("data.zip", BOMB, "archive_refused"),
    "a zip bomb called weights": ("more.safetensors", BOMB, "archive_refused"),
    "a zip bomb called JSON": ("more.json", BOMB, "archive_refused"),
    "a tar": ("data.tar", tarred(), "archive_refused"),
    "a wheel without metadata": ("lumen-1.0-py3-none-any.whl", zipped({"lumen/__init__.py": b""}), "wheel_dist_info"),
    "a wheel in a folder": ("dist/lumen-1.0-py3-none-any.whl", b"PK", "wheel_not_at_root"),
    "a wheel called zip": ("x.zip", zipped({"lumen-1.0.dist-info/METADATA": b""}), "lab_code_refused"),
    "Python": ("modeling_lumen.py", b"print('hi')", "lab_code_refused"),
    "a script without a suffix": ("run", b"#!/bin/sh\nrm -rf /\n", "lab_code_refused"),
    "a program": ("tool", b"\x7fELF\x02\x01" + bytes(64), "lab_code_refused"),
    "compressed bytes": ("blob.dat", zlib.compress(b"x" * 1000), "unknown_binary"),
    "control characters": ("vocab2.txt", b"hello\x00world", "unknown_binary"),
    "text that is not UTF-8": ("vocab2.txt", "héllo".encode("latin-1"), "unknown_binary"),
    "a SentencePiece model": ("spiece.model", b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02\xff", "unknown_binary"),
    "an image that goes on": ("logo.png", PNG + b"PK", "image_invalid"),
    "an image that is cut": ("logo.jpg", b"\xff\xd8\xff\xe0" + bytes(20), "image_invalid"),
    "JSON that is cut": ("extra.json", b'{"a": [1, 2', "json_invalid"),
    "JSON nested without end": ("extra.json", b"[" * 200_000, "json_invalid"),
    "a config that says a thing twice": ("config.json", b'{"model_type":"bert","model_type":"gpt2"}', "json_invalid"),
    "code by reference": ("config.json", json.dumps({**CONFIG, "auto_map": {"AutoModel": "x.Y"}}), "auto_map_refused"),
    "weights that are cut": ("model.safetensors", WEIGHTS[:-1], "safetensors_truncated"),
    "weights of no bytes": ("model.safetensors", b"", "safetensors_truncated"),
    "weights with a tail": ("model.safetensors", WEIGHTS + b"x", "safetensors_trailing"),
    "overlapping tensors": (
        "model.safetensors",
        safetensors({"a": tensor(0, 16), "b": tensor(8, 24)}, bytes(24)),
        "safetensors_header",
    ),
    "a card without front matter": ("README.md", "# A model\n", "card_license_missing"),
    "a card without a license": ("README.md", "---\nlanguage: en\n---\n", "card_license_missing"),
    "a card with an unknown license": ("README.md", "---\nlicense: my-own\n---\n", "license_unknown"),
    "a card with broken front matter": ("README.md", "---\nlicense: [mit\n---\n", "card_yaml"),
    "a marker without a slug": ("landbridge.json", '{"schema": "landbridge.model/1"}', "marker_invalid"),
    "a marker that is a list": ("landbridge.json", "[]", "marker_invalid"),
    "an index of missing shards": (
        "model.safetensors.index.json",
        '{"weight_map": {"a": "model-00001-of-00002.safetensors"}}',
        "weights_missing",
    ),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_submission_is_refused_for(tmp_path: Path, name: str) -> None:
    path, content, code = BAD_FILES[name]
    write(good(tmp_path), {path: content})
    findings = findings_of(tmp_path)
    assert [(finding.code, finding.blocking) for finding in findings] == [(code, True)]
    assert path.split(".")[0] in findings[0].message or code.startswith(("card", "license"))
    assert len(findings[0].message) > 40, "a finding says what to do"


def test_missing_parts_are_named(tmp_path: Path) -> None:
    assert codes_of(good(tmp_path / "a", README__md=None)) == {"card_missing"}
    assert codes_of(good(tmp_path / "b", config__json=None)) == {"config_missing"}
    assert codes_of(good(tmp_path / "c", model__safetensors=None)) == {"no_model"}
    empty = tmp_path / "d"
    empty.mkdir()
    assert codes_of(empty) == {"card_missing", "no_model"}


def test_sizes_are_limited_before_anything_is_read(tmp_path: Path) -> None:
    class Vast:
        path = "model.safetensors"
        size = 2**50

        def open(self) -> io.BytesIO:
            pytest.fail("a file that is too large must not be opened")

    assert [finding.code for finding in screen([Vast()])] == ["submission_too_large"]
    files = folder_files(good(tmp_path))
    assert [finding.code for finding in screen(files, Limits(files=3))] == ["too_many_files"]
    assert {finding.code for finding in screen(files, Limits(text=10))} == {"file_too_large"}
    assert {finding.code for finding in screen(files, Limits(file=10))} == {"file_too_large"}


def test_a_large_file_that_is_no_text_is_not_read_whole() -> None:
    class Large:
        path = "blob"
        size = 2**34

        def open(self) -> io.BytesIO:
            return io.BytesIO(b"a" * 2048)

    assert "unknown_binary" in {finding.code for finding in screen([Large()])}


BAD_PATHS = (
    "../x", "a/../x", "/etc/passwd", "a//b", "./a", "a/.", "a\\b", "C:/x", "con.txt", "a/NUL",
    "x\x00y", "x\ny", "a ", "a.",
    "gpj\u202e.exe", "e\u0301", ".git/config", "a/.GIT/hooks/x", "", "x" * 256, "a/" * 600 + "b",
    "what?.json", "\u200b.json",
)  # fmt: skip


@pytest.mark.parametrize("path", BAD_PATHS)
def test_a_path_trick_is_refused_and_shown_escaped(path: str) -> None:
    class Tricky:
        size = 0

        def __init__(self) -> None:
            self.path = path

        def open(self) -> io.BytesIO:
            pytest.fail("a file with a bad path must not be opened")

    refused = [finding for finding in screen([Tricky()]) if finding.code == "path_invalid"]
    assert len(refused) == 1 and refused[0].blocking
    assert refused[0].message.isprintable()


@given(st.text(max_size=30))
def test_a_path_that_passes_stays_below_its_root(path: str) -> None:
    if path_problem(path) is None:
        joined = (Path("/root") / path).resolve()
        assert joined.is_relative_to("/root") and joined != Path("/root")


def test_paths_that_some_systems_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    assert codes_of(write(good(tmp_path), {"Vocab.txt": "x"})) == {"path_invalid"}


def test_a_file_where_a_folder_must_be_is_refused() -> None:
    class Empty:
        size = 0

        def __init__(self, path: str) -> None:
            self.path = path

        def open(self) -> io.BytesIO:
            return io.BytesIO()

    findings = screen([Empty("a"), Empty("a/b.txt")])
    assert "needs a folder of that name" in next(f.message for f in findings if f.code == "path_invalid")


def test_a_link_out_of_the_folder_is_refused_and_a_cache_snapshot_is_read(tmp_path: Path) -> None:
    folder = good(tmp_path / "models--lumen--x" / "snapshots" / "abc")
    blobs = write(tmp_path / "models--lumen--x" / "blobs", {"123": "linked\n"})
    (folder / "extra.txt").symlink_to(blobs / "123")
    assert "extra.txt" in {file.path for file in folder_files(folder)}
    (folder / "secret.txt").symlink_to("/etc/passwd")
    with pytest.raises(FormatError, match=r"secret\.txt is a link that leads out"):
        folder_files(folder)


def test_version_control_and_caches_are_not_part_of_a_submission(tmp_path: Path) -> None:
    write(
        good(tmp_path),
        {".git/config": "x", ".cache/huggingface/a": "x", "__pycache__/m.pyc": b"\x00", ".DS_Store": "x"},
    )
    assert findings_of(tmp_path) == []
