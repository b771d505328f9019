"""Bytes on disk: whole or not at all, and nothing stays behind."""

import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from landbridge_registry import storage
from landbridge_registry.errors import BadContent, NoSpace
from landbridge_registry.models import Blob
from landbridge_registry.storage import store

CONTENT = bytes(range(256)) * 10_000


def reader(content: bytes, piece: int = 100_000) -> Callable[[int], bytes]:
    pieces = iter([content[start : start + piece] for start in range(0, len(content), piece)])
    return lambda _: next(pieces, b"")


def files(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_file()]


def test_a_content_lies_under_its_digest(home: Path) -> None:
    stored = storage.put_stream(reader(CONTENT), size=len(CONTENT))
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert stored.sha256 == digest and stored.size == len(CONTENT)
    assert stored.location.startswith(f"blobs/{digest[:2]}/{digest[2:4]}/{digest}.")
    assert files(home) == [home / stored.location]
    assert b"".join(storage.read_range(stored.location, 5, 300_005)) == CONTENT[5:300_005]


def test_a_name_is_never_used_twice(home: Path) -> None:
    assert storage.put_bytes(b"same").location != storage.put_bytes(b"same").location


@pytest.mark.parametrize(
    ("size", "sha256"), [(len(CONTENT) + 1, None), (len(CONTENT) - 1, None), (len(CONTENT), "ab" * 32)]
)
def test_what_was_announced_otherwise_is_refused_and_leaves_nothing(home: Path, size: int, sha256: str | None) -> None:
    with pytest.raises(BadContent):
        storage.put_stream(reader(CONTENT), size=size, sha256=sha256)
    assert files(home) == []


def test_a_connection_that_breaks_leaves_nothing(home: Path) -> None:
    def broken(_: int) -> bytes:
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        storage.put_stream(broken, size=10)
    assert files(home) == []


def test_a_full_disk_is_told_before_the_first_byte_and_in_the_middle(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(NoSpace):
        storage.put_stream(reader(b""), size=1 << 62)

    def full(_file: object, _piece: bytes) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(store, "_write_all", full)
    with pytest.raises(NoSpace):
        storage.put_bytes(b"x")
    assert files(home) == []


def test_a_file_is_flushed_before_it_gets_its_name_and_its_folder_after(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed at any step, the store has a whole file under the name or none."""
    seen: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def noted_fsync(descriptor: int) -> None:
        seen.append(f"flush {Path(f'/proc/self/fd/{descriptor}').readlink().relative_to(home).parts[0]}")
        fsync(descriptor)

    def noted_replace(self: Path, target: Path) -> Path:
        seen.append("name")
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", noted_fsync)
    monkeypatch.setattr(Path, "replace", noted_replace)
    storage.put_bytes(b"x")
    assert seen == ["flush incoming", "name", "flush blobs", "flush blobs"]


def test_reading_a_file_that_ends_early_is_an_error_not_a_short_answer(home: Path) -> None:
    stored = storage.put_bytes(b"12345")
    with pytest.raises(BadContent):
        list(storage.read_range(stored.location, 0, 6))


@pytest.mark.django_db
def test_a_stage_removes_what_no_row_names_even_if_the_work_failed_after_it(home: Path) -> None:
    def work() -> None:
        with storage.Stage() as stage:
            kept, _ = stage.put_bytes(b"kept"), stage.put_bytes(b"dropped")
            Blob.objects.create(sha256=kept.sha256, size=kept.size, location=kept.location)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        work()
    assert files(home) == [home / Blob.objects.get().location]
