"""``preupload`` and ``commit``: all or nothing, whatever is sent."""

import base64
import json
from pathlib import Path
from urllib.parse import quote

import pytest

from landbridge.hub import attributes, committing
from landbridge_registry.models import Commit, Ref, Repo
from tests.hub.kit import NDJSON, Caller, body_of, file, header, line

PATHS = [
    "../x", "a/../b", "/etc/passwd", "./x", "a//b", ".git/config", "a/.GIT/x", "a\0b", "..", ".", "", "a\\b",
    "x" * 1025,
]  # fmt: skip


def sample(path: str, content: bytes = b"text", size: int | None = None) -> dict[str, object]:
    return {
        "path": path,
        "sample": base64.b64encode(content[:512]).decode(),
        "size": len(content) if size is None else size,
    }


def preupload(caller: Caller, *files: dict[str, object], **more: object) -> dict[str, dict[str, object]]:
    answer = caller.json("POST", "/api/models/lumen/tiny/preupload/main", {"files": list(files), **more})
    assert answer.status_code == 200, answer.content
    return {one["path"]: one for one in answer.json()["files"]}


def test_text_is_regular_and_weights_binaries_and_large_files_go_by_lfs(mine: Caller) -> None:
    found = preupload(
        mine,
        sample("README.md"),
        sample("empty.safetensors", b""),
        sample("model.safetensors"),
        sample("saved_model/a/b"),
        sample("x.unknown", b"\0\1"),
        sample("latin.txt", b"\xe9" * 20),
        sample("cut.txt", ("é" * 300).encode()[:511]),
        sample("big.txt", b"text", 10_000_001),
    )
    modes = {path: one["uploadMode"] for path, one in found.items()}
    assert modes == {
        "README.md": "regular", "empty.safetensors": "regular", "model.safetensors": "lfs", "saved_model/a/b": "lfs",
        "x.unknown": "lfs", "latin.txt": "lfs", "cut.txt": "regular", "big.txt": "lfs",
    }  # fmt: skip


def test_what_is_there_is_named_and_ignored_files_are_marked(mine: Caller) -> None:
    mine.commit("lumen/tiny", file("a.txt", b"1"), file(".gitignore", b"*.log\n!keep.log\nbuild/\n/top.txt\n"))
    found = preupload(
        mine,
        *(sample(path) for path in ("a.txt", "x.log", "d/keep.log", "build/x", "d/build/y", "top.txt", "d/top.txt")),
    )
    assert found["a.txt"]["oid"] == "56a6051ca2b02b04ef92d5150c9ef600403cb1de"  # git hash-object of "1"
    ignored = {path for path, one in found.items() if one["shouldIgnore"]}
    assert ignored == {"x.log", "build/x", "d/build/y", "top.txt"}
    assert preupload(mine, sample("x.log"), gitIgnore="*.txt")["x.log"]["shouldIgnore"] is False


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("a/b.bin", "*.bin", 1), ("a/b.bin", "a/*.bin", 1), ("a/c/b.bin", "a/*.bin", 0),
        ("a/c/b.bin", "a/**/*.bin", 1), ("a/b.bin", "a/**/*.bin", 1), ("x/a", "**/a", 1), ("a", "**/a", 1),
        ("a/b/c", "a/**", 1), ("aXc", "a?c", 1), ("a/c", "a?c", 0), ("a+b", "a+b", 1),
        ("a" * 200, "*a" * 50 + "*b", 0),
    ],
)  # fmt: skip
def test_patterns_are_gits(path: str, pattern: str, fits: int) -> None:
    assert attributes.matches(path, pattern) is bool(fits)


def test_adding_deleting_and_replacing_in_one_commit(mine: Caller) -> None:
    mine.commit("lumen/tiny", file("a", b"1"), file("d/x", b"2"), file("d/y", b"3"), file("k", b"4"))
    answer = mine.commit(
        "lumen/tiny",
        line("deletedFile", path="a"),
        line("deletedFolder", path="d/"),
        file("d", b"now a file"),
        file("n/e/w", b"5"),
    )
    body = answer.json()
    assert body["success"] is True and body["commitUrl"].endswith(f"/lumen/tiny/commit/{body['commitOid']}")
    names = {one["rfilename"] for one in mine.get("/api/models/lumen/tiny").json()["siblings"]}
    assert names == {".gitattributes", "d", "k", "n/e/w"}
    assert mine.commit("lumen/tiny", line("deletedFile", path="n")).status_code == 200


def test_a_missing_file_cannot_be_deleted_and_the_client_knows_the_words(mine: Caller) -> None:
    answer = mine.commit("lumen/tiny", line("deletedFile", path="nope"))
    assert (answer.status_code, answer["X-Error-Code"]) == (404, "EntryNotFound")
    assert "A file with this name doesn't exist" in answer.json()["error"]


def test_a_stale_parent_is_412_and_a_short_one_is_enough(mine: Caller) -> None:
    before = Repo.objects.get().head_sha
    first = mine.commit("lumen/tiny", file("a", b"1"), head=header(parentCommit=before[:10])).json()["commitOid"]
    stale = mine.commit("lumen/tiny", file("a", b"2"), head=header(parentCommit=before))
    assert stale.status_code == 412 and stale.json()["error"].startswith("The branch was updated")
    assert Repo.objects.get().head_sha == first
    assert mine.commit("lumen/tiny", file("a", b"2"), head=header(parentCommit="x")).status_code == 400


def test_tags_and_shas_do_not_move(mine: Caller) -> None:
    repo = Repo.objects.get()
    Ref.objects.create(repo=repo, kind="tag", name="v1", commit=Commit.objects.get())
    for rev in ("v1", repo.head_sha, "nope"):
        answer = mine.commit("lumen/tiny", file("a", b"1"), rev=rev)
        assert (answer.status_code, answer["X-Error-Code"]) == (404, "RevisionNotFound")


@pytest.mark.parametrize("path", PATHS)
def test_a_bad_path_writes_nothing(mine: Caller, home: Path, path: str) -> None:
    before, stored = Repo.objects.get().head_sha, sum(one.is_file() for one in (home / "blobs").rglob("*"))
    answer = mine.commit("lumen/tiny", file("ok.txt", b"fine"), file(path, b"x"))
    assert answer.status_code == 422
    assert Repo.objects.get().head_sha == before
    assert sum(one.is_file() for one in (home / "blobs").rglob("*")) == stored


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json\n",
        b"[]\n",
        b'{"key":"header"}\n',
        b'{"key":"header","value":{"summary":"  "}}\n',
        b'{"key":"header","value":{"summary":7}}\n',
        file("x", b"1"),
        header("nul\0") + file("x", b"1"),
        header("half \ud800") + file("x", b"1"),
        header() + line("evil", path="x"),
        header() + line("file", path="x", content="!!", encoding="base64"),
        header() + line("file", path="x", content="eA==", encoding="utf-8"),
        header() + line("file", path="x"),
        header() + line("file", path=3, content="eA=="),
        header() + line("lfsFile", path="x", algo="md5", oid="a" * 64),
        header() + line("lfsFile", path="x", oid="../../etc"),
        header() + line("lfsFile", path="x", oid="a" * 64, size=-1),
        header() + b'{"key":"file","value":' + b"[" * 500 + b"]" * 500 + b"}\n",
        header() + b'{"key":"file","value":' + b"[" * 100_000 + b"\n",
        header() + b"\xff\xfe\n",
    ],
)
def test_garbage_is_refused_and_writes_nothing(mine: Caller, body: bytes) -> None:
    answer = mine.client.post("/api/models/lumen/tiny/commit/main", body, content_type=NDJSON)
    assert answer.status_code == 400, answer.content
    assert Commit.objects.count() == 1


def test_too_long_too_many_and_too_much_are_refused(mine: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(committing, "LINES_CAP", 3)
    assert mine.commit("lumen/tiny", *(file(f"{one}", b"1") for one in range(4))).status_code == 413
    monkeypatch.setattr(committing, "LINE_CAP", 3_000_000)
    assert mine.commit("lumen/tiny", file("a", bytes(3_000_000))).status_code == 413
    monkeypatch.setattr(committing, "BODY_CAP", 100)
    assert mine.commit("lumen/tiny", file("a", bytes(300))).status_code == 413
    monkeypatch.undo()
    monkeypatch.setattr("landbridge.hub.quotas.REGULAR_CAP", 10)
    assert mine.commit("lumen/tiny", file("a", bytes(11))).status_code == 413
    assert Commit.objects.count() == 1


def test_the_head_is_cached_as_it_is_committed(mine: Caller) -> None:
    card = b"---\nlicense: apache-2.0\nlanguage: en\npipeline_tag: text-generation\n---\n# T\n\nWrites English.\n"
    mine.commit("lumen/tiny", file("README.md", card), file("config.json", json.dumps({"model_type": "gpt2"}).encode()))
    mine.commit("lumen/tiny", file("other.txt", b"x"))
    info = mine.get("/api/models/lumen/tiny").json()
    assert (info["pipeline_tag"], info["library_name"]) == ("text-generation", "transformers")
    assert {"license:apache-2.0", "en", "gpt2"} <= set(info["tags"])
    assert info["cardData"]["license"] == "apache-2.0" and info["config"] == {"model_type": "gpt2"}
    assert Repo.objects.get().summary == "Writes English."


def test_odd_names_come_back_as_they_went_in(mine: Caller) -> None:
    names = ["sp ace+%20&#.txt", "模型/é.txt", "a%2Fb", "q?x=1"]
    mine.commit("lumen/tiny", *(file(name, name.encode()) for name in names))
    for name in names:
        path = f"/lumen/tiny/resolve/main/{quote(name)}"
        assert body_of(mine.client.get(path, RAW_URI=path)) == name.encode()
