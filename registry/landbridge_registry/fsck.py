"""Does the store hold what the rows say? Rows without file, files without row, sizes; ``deep`` reads every byte."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from landbridge_client.formats.digest import file_digest
from landbridge_registry import collect
from landbridge_registry.models import Blob, BlobState
from landbridge_registry.storage import store

YOUNG = 3600  # seconds: an upload may be about to name its file


@dataclass(frozen=True, slots=True)
class Fault:
    code: str  # missing, size, digest, orphan
    subject: str
    said: str


def check(*, deep: bool = False) -> Iterator[Fault]:
    for blob in Blob.objects.filter(state=BlobState.PRESENT).order_by("pk").iterator(chunk_size=500):
        fault = _fault_of(blob, deep=deep)
        if fault is not None:
            yield fault
    for folder in (store.root() / "blobs", store.root() / "incoming"):
        if folder.is_dir():
            for path in collect.orphans(folder):
                if time.time() - path.stat().st_mtime > YOUNG:
                    location = str(path.relative_to(store.root()))
                    yield Fault("orphan", location, "No row names this file. The sweeper removes it after a day.")


def _fault_of(blob: Blob, *, deep: bool) -> Fault | None:
    path = store.path_of(blob.location)
    if not path.is_file():
        return Fault("missing", blob.sha256, f"Its file {blob.location} is not there. Restore it from a backup.")
    size = path.stat().st_size
    if size != blob.size:
        return Fault("size", blob.sha256, f"{blob.location} has {size} bytes, not {blob.size}. Restore it.")
    if deep and (found := file_digest(path)[0]) != blob.sha256:
        return Fault("digest", blob.sha256, f"{blob.location} has the SHA-256 {found}. Restore it from a backup.")
    return None
