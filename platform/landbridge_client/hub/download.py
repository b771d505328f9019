"""One file from the Hub routes: resumed by ranges, verified, and in place only when whole."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from landbridge_client.errors import ApiError, ContentChanged, Unreachable
from landbridge_client.hub.digests import digests
from landbridge_client.transport import ATTEMPTS, RETRIED, Transport, backoff

Progress = Callable[[str, int, int], None]  # path, bytes done, bytes in all
SHA256_DIGITS = 64
PARTIAL = 206


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to fetch. ``digest`` is what it must have: SHA-256, or git's SHA-1 of the blob; else the server's ETag."""

    address: str
    path: str
    place: Path
    size: int | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class _Expected:
    size: int
    etag: str
    digest: str


def fetch(http: Transport, wanted: Wanted, progress: Progress | None = None) -> str:
    """Bring ``wanted`` to its place; its SHA-256. Raises ``ApiError``, ``Unreachable``, ``ContentChanged``."""
    expected = _expected(http, wanted)
    if (already := _already(wanted.place, expected)) is not None:
        return already
    wanted.place.parent.mkdir(parents=True, exist_ok=True)
    part = wanted.place.with_name(f".{wanted.place.name}.{_short(expected.etag)}.part")
    try:
        _receive(http, wanted, expected, part, progress)
        found = _verified(part, expected, wanted.path)
    except (ApiError, ContentChanged):
        part.unlink(missing_ok=True)  # refused or wrong: nothing half-made stays
        raise
    part.replace(wanted.place)
    return found


def _short(etag: str) -> str:
    return hashlib.sha256(etag.encode()).hexdigest()[:16]


def _expected(http: Transport, wanted: Wanted) -> _Expected:
    """Size and identity of the content, by HEAD: the same question of access that the bytes are asked."""
    response = http.send("HEAD", wanted.address, headers={"Accept-Encoding": "identity"})
    etag = response.headers.get("X-Linked-Etag") or response.headers.get("ETag") or ""
    length = response.headers.get("X-Linked-Size") or response.headers.get("Content-Length") or "-1"
    size, digest = int(length), etag.removeprefix("W/").strip('"')
    if wanted.size is not None and wanted.size != size:
        raise ContentChanged(f"{wanted.path} has {size} bytes where the tree lists {wanted.size}.")
    if wanted.digest is not None and wanted.digest != digest and len(wanted.digest) == len(digest):
        raise ContentChanged(f"{wanted.path} is not the content that the tree lists.")
    return _Expected(size, etag, wanted.digest or digest)


def _already(place: Path, expected: _Expected) -> str | None:
    if not place.is_file() or place.stat().st_size != expected.size:
        return None
    with place.open("rb") as stream:
        found = digests(stream, expected.size)
    return found.sha256 if expected.digest in {found.sha256, found.git} else None


def _receive(http: Transport, wanted: Wanted, expected: _Expected, part: Path, progress: Progress | None) -> None:
    """Append to ``part`` until it is whole; each attempt goes on where the last one broke."""
    failures = 0
    with part.open("ab") as target:
        while (have := target.tell()) < expected.size:
            try:
                _append(http, wanted, expected, target, progress)
            except (Unreachable, ApiError) as error:
                if isinstance(error, ApiError) and error.status not in RETRIED:
                    raise
                failures = 1 if target.tell() > have else failures + 1
                if failures == ATTEMPTS:
                    raise
                http.wait(backoff(failures))


def _append(http: Transport, wanted: Wanted, expected: _Expected, target: BinaryIO, progress: Progress | None) -> None:
    start = target.tell()
    headers = {"Accept-Encoding": "identity"}
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": expected.etag}
    with http.stream(wanted.address, headers) as response:
        if start and response.status_code != PARTIAL:
            target.seek(0)
            target.truncate()
        for piece in response.iter_raw():  # as they come: a larger piece would be lost with the connection
            target.write(piece)
            if target.tell() > expected.size:
                raise ContentChanged(f"{wanted.path} is longer than the {expected.size} bytes that were announced.")
            if progress is not None:
                progress(wanted.path, target.tell(), expected.size)
    if target.tell() < expected.size:
        raise Unreachable(f"{wanted.path}: the connection ended early.")


def _verified(part: Path, expected: _Expected, path: str) -> str:
    with part.open("rb") as stream:
        found = digests(stream, part.stat().st_size)
    if found.size != expected.size or expected.digest not in {found.sha256, found.git}:
        raise ContentChanged(f"{path} arrived changed: its digest is not the one that was promised. Try again.")
    return found.sha256
