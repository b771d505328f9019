"""Weights and data on this machine, by digest. Nothing is used before its digest was checked, each time."""

import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from landbridge_client.errors import ApiError, Denied, LandbridgeError, NotFound
from landbridge_client.errors import ContentChanged as WrongBytes
from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_client.hub import HubClient
from landbridge_evaluation.datasets import open_sealed
from landbridge_evaluation.errors import ContentChanged, Fault, InfrastructureFault, Stopped
from landbridge_evaluation.jobspec import DataRef, HubAccess, ModelRef

log = logging.getLogger(__name__)
LIMIT = 50 << 30  # bytes
Ask = Callable[[], str | None]


class EntitlementLost(Fault):
    """The platform does not give these files to this job (any more)."""

    code = "entitlement_lost"


class DownloadFailed(InfrastructureFault):
    code = "download_failed"


@dataclass(slots=True)
class Cache:
    """One per worker's home. ``limit`` bytes are kept; the least recently used go first, before a download."""

    home: Path
    limit: int = LIMIT
    locks: dict[str, threading.Lock] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)
    used: dict[Path, int] = field(default_factory=dict)

    @contextmanager
    def model(self, wanted: ModelRef, hub: HubAccess, stop: Ask) -> Iterator[Path]:
        """The folder of a sealed model, whose tree digest is the wanted one."""

        def good(folder: Path) -> bool:
            return digest_of(folder) == wanted.digest

        with self._held("models", wanted.digest, "model", wanted.repo, wanted.revision, hub, stop, good) as folder:
            yield folder

    @contextmanager
    def dataset(self, wanted: DataRef, hub: HubAccess, stop: Ask) -> Iterator[Path]:
        """The folder of a sealed dataset, labels included: for the supervisor, never for the child."""

        def good(folder: Path) -> bool:
            sealed = open_sealed(folder)
            sealed.verify()
            return (sealed.digest, sealed.labels_digest) == (wanted.digest, wanted.labels_digest)

        key = f"{wanted.digest[:32]}{wanted.labels_digest[:32]}"
        with self._held("datasets", key, "dataset", wanted.repo, wanted.revision, hub, stop, good) as folder:
            yield folder

    @contextmanager
    def _held(  # noqa: PLR0913, PLR0917 an address, how it is fetched, and how it is checked
        self,
        shelf: str,
        key: str,
        kind: str,
        repo: str,
        revision: str,
        hub: HubAccess,
        stop: Ask,
        good: Callable[[Path], bool],
    ) -> Iterator[Path]:
        place = self.home / shelf / key
        with self._in_use(place):
            with self._lock(key):
                if not (place.is_dir() and checked(place, good)):
                    self._fetch(place, kind, repo, revision, hub, stop)
                    if not checked(place, good):
                        shutil.rmtree(place, ignore_errors=True)
                        raise ContentChanged(f"{repo} arrived with another digest than the job names.")
                os.utime(place)
            yield place

    def _fetch(self, place: Path, kind: str, repo: str, revision: str, hub: HubAccess, stop: Ask) -> None:  # noqa: PLR0913, PLR0917
        """Download beside ``place``, then rename. What an earlier attempt brought is gone on from."""
        self.prune()
        shutil.rmtree(place, ignore_errors=True)
        aside = self.home / "incoming" / place.name
        aside.mkdir(parents=True, exist_ok=True)

        def watch(_path: str, _done: int, _total: int) -> None:
            if reason := stop():
                raise Stopped(reason)

        try:
            with HubClient(hub.url, hub.token) as client:
                client.snapshot(repo, kind, revision, aside, progress=watch)
        except WrongBytes as error:
            raise ContentChanged(str(error)) from error
        except (Denied, NotFound) as error:
            if error.status == HTTPStatus.UNAUTHORIZED:  # the token ended with the lease: that says nothing of rights
                raise DownloadFailed(f"{repo}: {error}", stage="downloading") from error
            raise EntitlementLost(f"{repo}: {error}", stage="downloading") from error
        except LandbridgeError as error:
            final = isinstance(error, ApiError) and error.status < 500  # noqa: PLR2004 HTTP
            kind_of = EntitlementLost if final else DownloadFailed
            raise kind_of(f"{repo}: {error}", stage="downloading") from error
        place.parent.mkdir(parents=True, exist_ok=True)
        aside.replace(place)

    def prune(self) -> None:
        """Make room, oldest first; what a slot uses stays. Never everything at once."""
        with self.guard:
            shelves = [self.home / shelf for shelf in ("models", "datasets")]
            folders = [one for shelf in shelves if shelf.is_dir() for one in shelf.iterdir()]
            sizes = {one: size_of(one) for one in folders}
            total = sum(sizes.values())
            for folder in sorted(folders, key=lambda one: one.stat().st_mtime):
                if total <= self.limit:
                    return
                if not self.used.get(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                    total -= sizes[folder]

    @contextmanager
    def _in_use(self, place: Path) -> Iterator[None]:
        with self.guard:
            self.used[place] = self.used.get(place, 0) + 1
        try:
            yield
        finally:
            with self.guard:
                self.used[place] -= 1

    def _lock(self, key: str) -> threading.Lock:
        with self.guard:
            return self.locks.setdefault(key, threading.Lock())


def checked(place: Path, good: Callable[[Path], bool]) -> bool:
    try:
        return good(place)
    except (Fault, OSError, ValueError, KeyError) as error:
        log.warning("cached %s is not good: %s", place.name, error)
        return False


def digest_of(folder: Path) -> str:
    """The tree digest of every file in ``folder``."""
    files = [one for one in folder.rglob("*") if one.is_file()]
    return tree_digest((one.relative_to(folder).as_posix(), *file_digest(one)) for one in files)


def size_of(folder: Path) -> int:
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
