"""Files as screening sees them: a path, a size, and bytes on demand, be they on a disk or in a blob store."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from landbridge_client.formats.errors import FormatError

SKIPPED_FOLDERS = frozenset({".git", ".cache", "__pycache__", ".ipynb_checkpoints"})
SKIPPED_FILES = frozenset({".DS_Store", "Thumbs.db"})


class FileView(Protocol):
    """One file of a submission."""

    @property
    def path(self) -> str:
        """Relative, with ``/``."""

    @property
    def size(self) -> int: ...

    def open(self) -> BinaryIO:
        """A fresh stream from the first byte; the caller closes it."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine."""

    path: str
    place: Path
    size: int

    def open(self) -> BinaryIO:
        return self.place.open("rb")


def folder_files(folder: Path) -> list[LocalFile]:
    """What ``landbridge submit`` would upload from ``folder``, sorted; version control and caches are left out.

    Links are followed inside the folder and into the blobs of a Hugging Face cache. Raises ``FormatError``
    (``path_invalid``) for a link that leads elsewhere, or for something that is not a plain file.
    """
    root = folder.resolve()
    homes = (root, root.parent.parent / "blobs") if root.parent.name == "snapshots" else (root,)
    return sorted(_walk(root, homes), key=lambda file: file.path)


def _walk(root: Path, homes: tuple[Path, ...]) -> Iterator[LocalFile]:
    for here, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name not in SKIPPED_FOLDERS)
        linked = [name for name in folders if (Path(here) / name).is_symlink()]
        for name in [*linked, *names]:
            if name in SKIPPED_FILES:
                continue
            place = Path(here) / name
            path, real = place.relative_to(root).as_posix(), place.resolve()
            if not any(real.is_relative_to(home) for home in homes):
                raise FormatError(
                    "path_invalid", f"{path} is a link that leads out of the folder. Put the file itself there."
                )
            if not real.is_file():
                raise FormatError(
                    "path_invalid", f"{path} is not a plain file. Remove it, or put the file itself there."
                )
            yield LocalFile(path, real, real.stat().st_size)
