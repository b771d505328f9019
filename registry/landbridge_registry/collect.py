"""What nobody needs any more goes: contents without a holder, files without a row, uploads that never ended.

A content is doomed by one conditional UPDATE, then its file is removed, then its row, if nobody revived it meanwhile.
An upload of the same content brings a file of its own name, so removal cannot hit it.
"""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from landbridge_registry.models import Blob, BlobState, RepoObject, Upload
from landbridge_registry.storage import store

GRACE = timedelta(hours=24)
AT_ONCE = 500
SHELVES = 256  # first-level folders of the store


def run() -> int:
    """One round, in small pieces. How much was removed."""
    return doom() + remove_doomed() + lapse_uploads() + clear_incoming() + clear_shelf(int(time.time() // 60) % SHELVES)


def _ago(age: timedelta) -> Combinable:
    return ExpressionWrapper(Now() - age, output_field=DateTimeField())


def doom(age: timedelta = GRACE) -> int:
    """Contents that no repository holds and nobody touched for ``age``. Counted when they are removed."""
    unheld = ~Exists(RepoObject.objects.filter(blob=OuterRef("pk")))
    Blob.objects.filter(unheld, state=BlobState.PRESENT, touched_at__lt=_ago(age)).update(state=BlobState.DOOMED)
    return 0


def remove_doomed() -> int:
    removed = 0
    for sha256, location in Blob.objects.filter(state=BlobState.DOOMED).values_list("pk", "location")[:AT_ONCE]:
        store.remove(location)
        removed += Blob.objects.filter(pk=sha256, state=BlobState.DOOMED, location=location).delete()[0]
    return removed


def lapse_uploads() -> int:
    return Upload.objects.filter(expires_at__lt=Now()).delete()[0]


def clear_incoming(age: timedelta = GRACE) -> int:
    """Temporary files that a crash left."""
    folder = store.root() / "incoming"
    return sum(_removed(path, age) for path in (folder.iterdir() if folder.is_dir() else ()))


def clear_shelf(number: int, age: timedelta = GRACE) -> int:
    """Files of one first-level folder that no row names."""
    shelf = store.root() / "blobs" / f"{number:02x}"
    return sum(_removed(path, age) for path in orphans(shelf)) if shelf.is_dir() else 0


def orphans(folder: Path) -> Iterator[Path]:
    """Files below ``folder`` that no row names."""
    paths = [path for path in folder.rglob("*") if path.is_file()]
    for start in range(0, len(paths), AT_ONCE):
        part = {str(path.relative_to(store.root())): path for path in paths[start : start + AT_ONCE]}
        named = set(Blob.objects.filter(location__in=part).values_list("location", flat=True))
        yield from (path for location, path in part.items() if location not in named)


def _removed(path: Path, age: timedelta) -> bool:
    """Old enough to be nobody's work in progress; by the file's own clock."""
    try:
        if time.time() - path.stat().st_mtime < age.total_seconds():
            return False
        path.unlink()
    except FileNotFoundError:
        return False
    return True
