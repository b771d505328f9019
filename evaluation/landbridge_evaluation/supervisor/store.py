"""Where finished shards are kept: what is there is not asked again."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

SUFFIX = ".jsonl"


class ShardStore(Protocol):
    """One file of JSON lines per shard, whole or not at all."""

    def missing(self) -> list[int]: ...

    def put(self, index: int, lines: bytes) -> None: ...

    def get(self, index: int) -> bytes: ...


class MemoryStore:
    """For tests and small runs."""

    def __init__(self, indexes: Iterable[int]) -> None:
        self.indexes = list(indexes)
        self.kept: dict[int, bytes] = {}

    def missing(self) -> list[int]:
        return [index for index in self.indexes if index not in self.kept]

    def put(self, index: int, lines: bytes) -> None:
        self.kept.setdefault(index, lines)

    def get(self, index: int) -> bytes:
        return self.kept[index]


class FolderStore:
    """A file per shard, written aside and renamed: a crash leaves no half of one."""

    def __init__(self, folder: Path, indexes: Iterable[int]) -> None:
        self.folder, self.indexes = folder, list(indexes)
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, index: int) -> Path:
        return self.folder / f"{index:06}{SUFFIX}"

    def missing(self) -> list[int]:
        return [index for index in self.indexes if not self.path(index).is_file()]

    def put(self, index: int, lines: bytes) -> None:
        if self.path(index).is_file():
            return  # the first valid write stands
        aside = self.path(index).with_suffix(f".{os.getpid()}.tmp")
        with aside.open("wb") as file:
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self.path(index))

    def get(self, index: int) -> bytes:
        return self.path(index).read_bytes()
