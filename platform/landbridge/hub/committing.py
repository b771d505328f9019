"""A commit's body, line by line: regular contents go to the store at once, the rest becomes operations."""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from landbridge.hub import quotas
from landbridge.hub.body import Reader, lines, parse, raw_text_of, text_of
from landbridge.hub.errors import HubError
from landbridge_registry import operations, paths
from landbridge_registry.storage import Stage

LINE_CAP, LINES_CAP, BODY_CAP = 16 << 20, 25_000, 512 << 20
SHA256 = re.compile(r"[0-9a-f]{64}")
PARENT = re.compile(r"[0-9a-f]{7,40}")


@dataclass(frozen=True, slots=True)
class Header:
    summary: str
    description: str
    parent: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A whole commit, as it was sent."""

    header: Header
    changes: list[operations.Operation]


def receive(read: Reader, stage: Stage) -> Sent:
    """Parse the body. Every path is checked before anything is written to the database."""
    found = lines(read, line_cap=LINE_CAP, count_cap=LINES_CAP, size_cap=BODY_CAP)
    header = _header(next(found, b""))
    changes = list(_changes(found, stage))
    stage.settle()
    return Sent(header, changes)


def _header(line: bytes) -> Header:
    key, value = _keyed(line)
    if key != "header":
        raise HubError(400, "The first line of a commit must be its header.")
    summary, parent = text_of(value, "summary", required=True), text_of(value, "parentCommit")
    if not summary.strip():
        raise HubError(400, "A commit needs a summary.")
    if parent and not PARENT.fullmatch(parent):
        raise HubError(400, "`parentCommit` must be a commit's sha.")
    return Header(summary, text_of(value, "description"), parent)


def _keyed(line: bytes) -> tuple[str, dict[str, Any]]:
    found = parse(line) if line else None
    value = found.get("value") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(value, dict):
        raise HubError(400, 'Each line of a commit is {"key": ..., "value": {...}}.')
    return text_of(found, "key", required=True), value


def _changes(found: Iterator[bytes], stage: Stage) -> Iterator[operations.Operation]:
    for line in found:
        key, value = _keyed(line)
        path = raw_text_of(value, "path", required=True)
        if key == "file":
            yield operations.Add(paths.check(path), stage.put_soon(_content(value)))
        elif key == "lfsFile":
            yield operations.AddLarge(paths.check(path), _oid(value), _size(value))
        elif key == "deletedFile":
            yield operations.DeleteFile(paths.check(path.removesuffix("/")))
        elif key == "deletedFolder":
            yield operations.DeleteFolder(paths.check(path.removesuffix("/")))
        else:
            raise HubError(400, f"A commit has no lines of the kind {key[:40]!r}.")


def _content(value: dict[str, Any]) -> bytes:
    if value.get("encoding", "base64") != "base64":
        raise HubError(400, "Contents are sent as base64.")
    try:
        content = base64.b64decode(text_of(value, "content", required=True), validate=True)
    except (binascii.Error, ValueError):
        raise HubError(400, "The content of a file is not base64.") from None
    if len(content) > quotas.REGULAR_CAP:
        raise HubError(413, f"A file inside a commit may have {quotas.REGULAR_CAP} bytes. Larger ones go by LFS.")
    return content


def _oid(value: dict[str, Any]) -> str:
    oid = text_of(value, "oid", required=True)
    if value.get("algo", "sha256") != "sha256" or not SHA256.fullmatch(oid):
        raise HubError(400, "An lfsFile is named by its SHA-256 in lower-case hex.")
    return oid


def _size(value: dict[str, Any]) -> int | None:
    size = value.get("size")
    if size is not None and (type(size) is not int or size < 0):
        raise HubError(400, "`size` must be a whole number.")
    return size
