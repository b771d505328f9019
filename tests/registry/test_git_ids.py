"""Ids are git's own: asked of the real git."""

import os
import shutil
import subprocess  # noqa: TID251 the real git is what we are held against
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from landbridge_registry import gitids

GIT = shutil.which("git") or ""
pytestmark = pytest.mark.skipif(not GIT, reason="git is not installed; ids are compared with it")


def git(folder: Path, *arguments: str, given: bytes = b"", **environment: str) -> str:
    done = subprocess.run(  # noqa: S603 our own words
        [GIT, *arguments], cwd=folder, input=given, capture_output=True, check=True,
        env={"HOME": str(folder), "PATH": os.defpath, **environment},
    )  # fmt: skip
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("git")
    git(made, "init", "--quiet", "--object-format=sha1")
    return made


@pytest.mark.parametrize("content", [b"", b"hello\n", bytes(range(256)) * 100])
def test_a_blob_has_the_id_that_git_gives_it(folder: Path, content: bytes) -> None:
    assert gitids.blob_id(content) == git(folder, "hash-object", "--stdin", given=content)


@pytest.mark.parametrize(
    "names",
    [
        {},
        {"a": False, "b": False},
        {"a.b": False, "a": True, "a0": False},  # a directory sorts as if it ended with a slash
        {"foo": True, "foo-bar": False, "foo.txt": False, "foo0": True},
        {"模型": True, "é.txt": False, "sp ace+%20": False},
    ],
)
def test_a_tree_has_the_id_that_git_gives_it(folder: Path, names: dict[str, bool]) -> None:
    blob = git(folder, "hash-object", "-w", "--stdin", given=b"x")
    below = git(folder, "mktree", given=f"100644 blob {blob}\tx\n".encode())
    lines = [f"040000 tree {below}\t{name}" if tree else f"100644 blob {blob}\t{name}" for name, tree in names.items()]
    records = [gitids.Record(name, below if tree else blob, tree) for name, tree in names.items()]
    assert gitids.tree_id(records) == git(folder, "mktree", given="".join(f"{line}\n" for line in lines).encode())


def test_the_empty_tree_is_the_one_git_knows(folder: Path) -> None:
    assert gitids.tree_id([]) == gitids.EMPTY_TREE


@pytest.mark.parametrize("message", ["", "a body\n\nof two paragraphs", "模型"])
def test_a_commit_has_the_id_that_git_gives_it(folder: Path, message: str) -> None:
    tree = git(folder, "mktree")
    at = datetime(2026, 11, 25, 8, 30, 15, tzinfo=UTC)
    who = {f"GIT_{role}_{what}": said for role in ("AUTHOR", "COMMITTER") for what, said in {
        "NAME": "ada", "EMAIL": "ada@users.noreply.landbridge", "DATE": f"{int(at.timestamp())} +0000",
    }.items()}  # fmt: skip
    first = gitids.commit_id(tree=tree, parent="", author="ada", date=at, title="first", message="")
    assert git(folder, "commit-tree", tree, given=b"first\n", **who) == first
    said = "second\n" + (f"\n{message}\n" if message else "")
    second = gitids.commit_id(tree=tree, parent=first, author="ada", date=at, title="second", message=message)
    assert git(folder, "commit-tree", tree, "-p", first, given=said.encode(), **who) == second


def test_a_pointer_is_what_git_lfs_writes() -> None:
    text = gitids.pointer("ab" * 32, 12)
    assert text == b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"ab" * 32 + b"\nsize 12\n"
    assert gitids.is_pointer(text, len(text)) and not gitids.is_pointer(b"plain", 5)


@given(st.sets(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), max_size=8))
def test_the_order_of_records_does_not_matter(names: set[str]) -> None:
    records = [gitids.Record(name, "ab" * 20, directory=False) for name in sorted(names)]
    assert gitids.tree_id(records) == gitids.tree_id(reversed(records))
