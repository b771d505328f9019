"""Bytes on disk. A file appears under its name whole or not at all, and a name is never used twice.

Write: a temporary file in ``incoming``, hashed on the way, flushed, renamed, its folder flushed. Only then may a row
name it. Every failure removes the temporary file; what a crash leaves is found by ``registry_fsck``.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from landbridge_registry.errors import BadContent, NoSpace

READ_PIECE = 256 << 10
WRITE_PIECE = 1 << 20
START = 1024
FLUSHERS = 16  # files flushed at once: a journal takes them together
GIT_CAP = 10 << 20  # contents up to this size may be regular files of git and get a git id
Reader = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Stored:
    """A content that lies on disk. ``location`` is its path below the store's root."""

    sha256: str
    size: int
    location: str
    git_oid: str = ""  # known for contents up to GIT_CAP whose size was known beforehand
    start: bytes = b""  # the first bytes, enough to tell a pointer


def root() -> Path:
    """Asked at each call: tests and commands move it."""
    return Path(settings.LANDBRIDGE_HOME)


def path_of(location: str) -> Path:
    return root() / location


def put_bytes(content: bytes) -> Stored:
    return put_stream(reader_of(content), size=len(content))


def reader_of(content: bytes) -> Reader:
    pieces = iter([content])
    return lambda _: next(pieces, b"")


def put_stream(read: Reader, *, size: int | None = None, sha256: str | None = None) -> Stored:
    """Take in what ``read(n)`` answers until it answers nothing, in constant memory.

    Raises ``BadContent`` if that is not ``size`` bytes of digest ``sha256``, ``NoSpace`` if the disk is full: before
    the first byte if the size is known.
    """
    temporary, stored = write(read, size=size, sha256=sha256)
    publish([(temporary, stored)])
    return stored


def write(read: Reader, *, size: int | None = None, sha256: str | None = None) -> tuple[Path, Stored]:
    """The first half of ``put_stream``: the bytes are hashed and in a temporary file, neither flushed nor named."""
    incoming = root() / "incoming"
    incoming.mkdir(parents=True, exist_ok=True)
    _require_space(incoming, size or 0)
    temporary = incoming / secrets.token_hex(16)
    with _unless_it_fails([temporary]), temporary.open("xb", buffering=0) as file:
        return temporary, _receive(read, file, size, sha256)


def publish(written: Sequence[tuple[Path, Stored]]) -> None:
    """The second half: flush the files, name them, flush their folders. Many at once cost little more than one."""
    temporaries = [temporary for temporary, _ in written]
    with _unless_it_fails(temporaries), ThreadPoolExecutor(FLUSHERS) as pool:  # threads start as they are needed
        list(pool.map(_flush, temporaries))
        folders = {_name(temporary, stored.location) for temporary, stored in written}
        list(pool.map(_flush, sorted(folders)))
        list(pool.map(_flush, sorted({folder.parent for folder in folders})))


@contextmanager
def _unless_it_fails(temporaries: Sequence[Path]) -> Iterator[None]:
    """Whatever goes wrong, no temporary file stays."""
    try:
        yield
    except BaseException as error:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise NoSpace("The disk of this site is full. The operator must make room.") from error
        raise


def _receive(read: Reader, file: BinaryIO, size: int | None, sha256: str | None) -> Stored:
    digest = hashlib.sha256()
    git = None
    if size is not None and size <= GIT_CAP:
        git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
    total, start = 0, b""
    while piece := read(WRITE_PIECE):
        total += len(piece)
        if size is not None and total > size:
            raise BadContent(f"More than the {size} bytes that were announced arrived.")
        if len(start) < START:
            start = (start + piece[:START])[:START]
        digest.update(piece)
        if git is not None:
            git.update(piece)
        _write_all(file, piece)
    if size is not None and total != size:
        raise BadContent(f"{total} bytes arrived of the {size} that were announced. Upload the file again, whole.")
    name = digest.hexdigest()
    if sha256 not in {None, name}:
        raise BadContent(f"The content has the SHA-256 {name}, not {sha256}. Upload it again.")
    location = f"blobs/{name[:2]}/{name[2:4]}/{name}.{secrets.token_hex(8)}"
    return Stored(name, total, location, git.hexdigest() if git else "", start)


def _write_all(file: BinaryIO, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[file.write(view) :]


def _name(temporary: Path, location: str) -> Path:
    target = path_of(location)
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)
    return target.parent


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _require_space(folder: Path, size: int) -> None:
    disk = os.statvfs(folder)
    if size > disk.f_bavail * disk.f_frsize:
        raise NoSpace("The disk of this site has no room for this file. The operator must make room.", size=size)


def open_blob(location: str) -> BinaryIO:
    """The content, open at its start. An open reader keeps its bytes even if the file is removed meanwhile."""
    return path_of(location).open("rb", buffering=0)


def read_range(location: str, start: int, stop: int) -> Iterator[bytes]:
    """Bytes ``start`` to ``stop`` (exclusive), in pieces. A file that ends early is an error, not a short answer."""
    with open_blob(location) as file:
        file.seek(start)
        left = stop - start
        while left:
            piece = file.read(min(READ_PIECE, left))
            if not piece:
                raise BadContent(f"The stored file {location} ends {left} bytes early.")
            left -= len(piece)
            yield piece


def remove(location: str) -> None:
    path_of(location).unlink(missing_ok=True)
