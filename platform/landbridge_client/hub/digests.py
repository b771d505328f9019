"""Digests as git and git-lfs compute them, over streams."""

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Digests:
    """Of one content: SHA-256, and SHA-1 as git names the blob."""

    sha256: str
    git: str
    size: int


def digests(stream: BinaryIO, size: int) -> Digests:
    """Read ``stream`` once, in constant memory."""
    ours, git = hashlib.sha256(), git_blob(size)
    read = 0
    while piece := stream.read(PIECE):
        ours.update(piece)
        git.update(piece)
        read += len(piece)
    return Digests(ours.hexdigest(), git.hexdigest(), read)


def git_blob(size: int) -> "hashlib._Hash":
    """A SHA-1 that has seen git's header of a blob of ``size`` bytes."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)
