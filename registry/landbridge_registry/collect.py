"""What nobody needs any more goes: contents that no repository or commit names, files without a row, dead uploads.

A content is doomed by one conditional UPDATE, then its file is removed, then its row, if nobody revived it meanwhile.
An upload of the same content brings a file of its own name, so removal cannot hit it.
"""

import time
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.db import transaction
from django.db.models import DateTimeField, Exists, ExpressionWrapper, OuterRef, Q
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

from landbridge_registry import queries, steps
from landbridge_registry.errors import RepoMissing
from landbridge_registry.models import Blob, BlobState, Repo, RepoObject, Upload
from landbridge_registry.storage import store

GRACE = timedelta(hours=24)
AT_ONCE = 500
SHELVES = 256  # first-level folders of the store


def run() -> int:
    """One round, in small pieces. How much was removed."""
    shelf = int(time.time() // 60) % SHELVES
    lapsed = lapse_uploads() + lapse_objects(shelf)
    return lapsed + doom() + remove_doomed() + clear_incoming() + clear_shelf(shelf)


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


def lapse_objects(number: int, age: timedelta = GRACE) -> int:
    """Rights of one part of the repositories to contents that no commit of theirs names, and that nobody touched.

    An upload whose commit never came must not count against its namespace for good.
    """
    first = uuid.UUID(int=number << 120)
    last = uuid.UUID(int=((number + 1) << 120) - 1)
    there = RepoObject.objects.filter(_old(age), repo__gte=first, repo__lte=last)
    repos = Repo.objects.filter(pk__in=there.values("repo"))
    return sum(_lapse(repo, age) for repo in repos if _unnamed(repo, age))


def _old(age: timedelta) -> Q:
    """A content that is uploaded or committed once more is touched, and starts anew."""
    return Q(created_at__lt=_ago(age), blob__touched_at__lt=_ago(age))


def _unnamed(repo: Repo, age: timedelta) -> list[RepoObject]:
    held = list(RepoObject.objects.filter(_old(age), repo=repo).select_related("blob"))
    named = queries.contents_of(repo)
    return [row for row in held if row.blob_id not in named]


def _lapse(repo: Repo, age: timedelta) -> int:
    """Looked at again under the repository's lock: a commit may have come, or the repository may be gone."""
    with transaction.atomic():
        try:
            locked = steps.lock(repo.pk)
        except RepoMissing:
            return 0
        gone = _unnamed(locked, age)
        steps.release(locked, gone)
    return len(gone)


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
