"""A folder to a repository: preupload, LFS objects by basic PUT, then commits as JSON lines."""

import base64
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from landbridge_client.errors import LandbridgeError
from landbridge_client.hub.digests import PIECE, Digests, digests
from landbridge_client.screening.files import LocalFile
from landbridge_client.transport import Transport

BATCH = 256  # files a preupload or LFS batch may name
SAMPLE = 512  # bytes the server looks at to choose a mode
COMMIT_BYTES = 100_000_000  # regular content of one commit
COMMIT_LINES = 20_000
LFS = "application/vnd.git-lfs+json"
KEPT = frozenset({".gitattributes"})  # the server's own; a mirror does not remove it

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Target:
    """The branch that an upload goes to."""

    repo: str
    kind: str
    revision: str

    def api(self, verb: str) -> str:
        return f"/api/{self.kind}s/{self.repo}/{verb}/{quote(self.revision, safe='')}"

    @property
    def lfs(self) -> str:
        prefix = "/datasets" if self.kind == "dataset" else ""
        return f"{prefix}/{self.repo}.git/info/lfs/objects/batch"


@dataclass(frozen=True, slots=True)
class _Planned:
    file: LocalFile
    digests: Digests
    lfs: bool


def upload(  # noqa: PLR0913 what goes where, and how it is told
    http: Transport,
    target: Target,
    files: Sequence[LocalFile],
    *,
    message: str,
    gone: set[str],
    progress: Progress | None,
) -> str | None:
    """The last commit, or ``None`` if there was nothing to change. ``gone`` is removed, but for what ``files`` name."""
    planned = list(_plan(http, target.api("preupload"), files))
    _send_objects(http, target.lfs, [item for item in planned if item.lfs], progress)
    removed = sorted(gone - {file.path for file in files} - KEPT)
    commit = None
    for number, lines in enumerate(_commits(planned, removed), start=1):
        summary = message if number == 1 else f"{message} (part {number})"
        commit = _commit(http, target.api("commit"), summary, lines)
    return commit


def _plan(http: Transport, address: str, files: Sequence[LocalFile]) -> Iterator[_Planned]:
    """Which files have to go, and how. What the server has already, by digest, is left out."""
    for start in range(0, len(files), BATCH):
        part = files[start : start + BATCH]
        answer = http.post(address, {"files": [_sample(file) for file in part]})
        modes = {item["path"]: item for item in answer["files"]}
        for file in part:
            mode = modes.get(file.path) or {}
            if mode.get("shouldIgnore"):
                continue
            with file.open() as stream:
                found = digests(stream, file.size)
            if mode.get("oid") not in {found.sha256, found.git}:
                yield _Planned(file, found, lfs=mode.get("uploadMode") == "lfs")


def _sample(file: LocalFile) -> dict[str, Any]:
    with file.open() as stream:
        sample = stream.read(SAMPLE)
    return {"path": file.path, "sample": base64.b64encode(sample).decode(), "size": file.size}


def _send_objects(http: Transport, address: str, planned: Sequence[_Planned], progress: Progress | None) -> None:
    for start in range(0, len(planned), BATCH):
        part = {item.digests.sha256: item for item in planned[start : start + BATCH]}
        body = {
            "operation": "upload",
            "transfers": ["basic"],
            "objects": [{"oid": oid, "size": item.file.size} for oid, item in part.items()],
            "hash_algo": "sha256",
        }
        headers = {"Accept": LFS, "Content-Type": LFS}
        answer = http.send("POST", address, content=json.dumps(body).encode(), headers=headers).json()
        for described in answer["objects"]:
            _send_object(http, part[described["oid"]], described, progress)


def _send_object(http: Transport, item: _Planned, described: dict[str, Any], progress: Progress | None) -> None:
    if error := described.get("error"):
        raise LandbridgeError(f"{item.file.path}: {error.get('message', 'refused')}", code="upload_refused")
    actions = described.get("actions") or {}
    if "upload" not in actions:
        return  # the repository has this content
    action = actions["upload"]
    headers = {**(action.get("header") or {}), "Content-Length": str(item.file.size)}
    http.send("PUT", action["href"], content=lambda: _pieces(item.file, progress), headers=headers, signed=False)
    if verify := actions.get("verify"):
        body = json.dumps({"oid": item.digests.sha256, "size": item.file.size}).encode()
        http.send("POST", verify["href"], content=body, headers={"Content-Type": LFS, **(verify.get("header") or {})})


def _pieces(file: LocalFile, progress: Progress | None) -> Iterator[bytes]:
    done = 0
    with file.open() as stream:
        while piece := stream.read(PIECE):
            yield piece
            done += len(piece)
            if progress is not None:
                progress(file.path, done, file.size)


def _commits(planned: Sequence[_Planned], gone: Sequence[str]) -> Iterator[list[bytes]]:
    """The lines of each commit. Regular contents are read when their turn comes."""
    lines: list[bytes] = [_line("deletedFile", {"path": path}) for path in gone]
    weight = 0
    for item in planned:
        size = 0 if item.lfs else item.file.size
        if lines and (weight + size > COMMIT_BYTES or len(lines) >= COMMIT_LINES):
            yield lines
            lines, weight = [], 0
        lines.append(_operation(item))
        weight += size
    if lines:
        yield lines


def _operation(item: _Planned) -> bytes:
    path = item.file.path
    if item.lfs:
        return _line("lfsFile", {"path": path, "algo": "sha256", "oid": item.digests.sha256, "size": item.file.size})
    with item.file.open() as stream:
        content = base64.b64encode(stream.read()).decode()
    return _line("file", {"path": path, "content": content, "encoding": "base64"})


def _line(key: str, value: dict[str, Any]) -> bytes:
    return json.dumps({"key": key, "value": value}).encode() + b"\n"


def _commit(http: Transport, address: str, summary: str, lines: Sequence[bytes]) -> str:
    body = b"".join([_line("header", {"summary": summary, "description": ""}), *lines])
    answer = http.send("POST", address, content=body, headers={"Content-Type": "application/x-ndjson"}).json()
    return str(answer["commitOid"])
