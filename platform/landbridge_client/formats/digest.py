"""Digests that name what is sealed: of one file, and of a whole tree."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from landbridge_client.formats.canonical import canonical_json
from landbridge_client.formats.errors import FormatError

PIECE = 1 << 20
HEX = frozenset("0123456789abcdef")


def file_digest(source: Path | BinaryIO) -> tuple[str, int]:
    """SHA-256 (hex) and size in bytes of a file, read in pieces of 1 MiB."""
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return file_digest(stream)
    digest, size = hashlib.sha256(), 0
    while piece := source.read(PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def tree_digest(entries: Iterable[tuple[str, str, int]]) -> str:
    """SHA-256 (hex) of the canonical JSON of the sorted list of ``[path, sha256, size]``.

    Order of ``entries`` does not matter. Raises ``FormatError`` (``tree_invalid``) for a path named twice, a digest
    that is not 64 lower-case hex digits, or a negative size.
    """
    rows = sorted((path, sha256, size) for path, sha256, size in entries)
    seen: set[str] = set()
    for path, sha256, size in rows:
        if path in seen:
            raise FormatError("tree_invalid", f"{path} is listed twice.")
        seen.add(path)
        if len(sha256) != hashlib.sha256().digest_size * 2 or not HEX.issuperset(sha256) or size < 0:
            raise FormatError("tree_invalid", f"{path} needs a SHA-256 in lower-case hex and a size of 0 or more.")
    return hashlib.sha256(canonical_json([list(row) for row in rows])).hexdigest()
