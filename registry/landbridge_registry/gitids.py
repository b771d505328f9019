"""Ids as git computes them, so that anyone can check them and a clone can be served."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"
FILE_MODE, DIRECTORY_MODE = b"100644", b"40000"
POINTER_START = b"version https://git-lfs.github.com/spec/"
POINTER_CAP = 1024  # bytes; git-lfs reads no pointer longer than this


def _object_id(kind: bytes, body: bytes) -> str:
    return hashlib.sha1(kind + b" %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


def blob_id(content: bytes) -> str:
    return _object_id(b"blob", content)


def pointer(sha256: str, size: int) -> bytes:
    """What git keeps in place of a large file."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{sha256}\nsize {size}\n".encode()


def pointer_id(sha256: str, size: int) -> str:
    return blob_id(pointer(sha256, size))


def is_pointer(start: bytes, size: int) -> bool:
    """True for the text of a pointer: as a file of its own it would have the id of the content it names."""
    return size <= POINTER_CAP and start.lstrip().startswith(POINTER_START)


@dataclass(frozen=True, slots=True)
class Record:
    """One line of a tree."""

    name: str
    oid: str
    directory: bool


def tree_id(records: Iterable[Record]) -> str:
    """Git sorts names as bytes, a directory as if its name ended with a slash."""
    ordered = sorted(records, key=lambda one: one.name.encode() + (b"/" if one.directory else b""))
    body = b"".join(
        (DIRECTORY_MODE if one.directory else FILE_MODE) + b" " + one.name.encode() + b"\0" + bytes.fromhex(one.oid)
        for one in ordered
    )
    return _object_id(b"tree", body)


def commit_id(*, tree: str, parent: str, author: str, date: datetime, title: str, message: str) -> str:  # noqa: PLR0913 what a commit is made of
    """The id of a commit with at most one parent, author and committer being one."""
    return _object_id(b"commit", commit_body(tree, parent, author, date, title, message))


def commit_body(tree: str, parent: str, author: str, date: datetime, title: str, message: str) -> bytes:  # noqa: PLR0913, PLR0917 what a commit is made of
    who = f"{author} <{author}@users.noreply.landbridge> {int(date.timestamp())} +0000"
    lines = [f"tree {tree}", *([f"parent {parent}"] if parent else []), f"author {who}", f"committer {who}", "", title]
    return ("\n".join(lines) + "\n" + (f"\n{message}\n" if message else "")).encode()
