"""What a commit may do to a tree. Order counts: a later operation sees what an earlier one did."""

from dataclasses import dataclass

from landbridge_registry import gitids
from landbridge_registry.storage.store import Stored


@dataclass(frozen=True, slots=True)
class Add:
    """A regular file whose content was just stored."""

    path: str
    content: Stored


@dataclass(frozen=True, slots=True)
class AddLarge:
    """A large file named by its digest. The right to it is checked in the commit; ``size`` may be left out."""

    path: str
    sha256: str
    size: int | None = None


@dataclass(frozen=True, slots=True)
class DeleteFile:
    """Remove a file; a folder of that name goes with all it holds."""

    path: str


@dataclass(frozen=True, slots=True)
class DeleteFolder:
    path: str


Operation = Add | AddLarge | DeleteFile | DeleteFolder


@dataclass(frozen=True, slots=True)
class Leaf:
    """A file as a tree entry."""

    oid: str
    size: int
    sha256: str
    lfs: bool


def leaf_of(content: Stored) -> Leaf:
    return Leaf(content.git_oid, content.size, content.sha256, lfs=False)


def large_leaf(sha256: str, size: int) -> Leaf:
    return Leaf(gitids.pointer_id(sha256, size), size, sha256, lfs=True)
