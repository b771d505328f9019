"""Weights and data on this machine, by digest. Nothing is used before its digest was checked, each time."""

import errno
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
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
from landbridge_evaluation.worker.shelves import DiskFull, Shelves

log = logging.getLogger(__name__)
Ask = Callable[[], str | None]
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
LOOK_S = 0.2  # seconds between two looks at whether to stop, while another slot fetches the same
AGAIN_S = 0.5  # until a refused download is asked for once more


class EntitlementLost(Fault):
    """The platform does not give these files to this job (any more)."""

    code = "entitlement_lost"


class DownloadFailed(InfrastructureFault):
    code = "download_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Something sealed, and where it lies on this machine. ``private`` goes with the last job that uses it."""

    shelf: str
    key: str
    kind: str
    repo: str
    revision: str
    private: bool


@dataclass(slots=True)
class Cache:
    """One per worker's home, shared by its slots. ``shelves`` keep within their limit; a running job's are held."""

    shelves: Shelves
    locks: dict[Path, threading.Lock] = field(default_factory=dict)
    guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def model(self, wanted: ModelRef, hub: HubAccess, stop: Ask) -> Iterator[Path]:
        """The folder of a sealed model, whose tree digest is the wanted one."""

        def good(folder: Path) -> bool:
            return digest_of(folder) == wanted.digest

        named = Wanted(
            shelf="models", key=wanted.digest, kind="model", repo=wanted.repo, revision=wanted.revision,
            private=wanted.private,
        )  # fmt: skip
        with self._held(named, hub, stop, good) as folder:
            yield folder

    @contextmanager
    def dataset(self, wanted: DataRef, hub: HubAccess, stop: Ask) -> Iterator[Path]:
        """The folder of a sealed dataset, labels included: for the supervisor, never for the child."""

        def good(folder: Path) -> bool:
            sealed = open_sealed(folder)
            sealed.verify()
            return (sealed.digest, sealed.labels_digest) == (wanted.digest, wanted.labels_digest)

        key = f"{wanted.digest[:32]}{wanted.labels_digest[:32]}"
        named = Wanted(
            shelf="datasets", key=key, kind="dataset", repo=wanted.repo, revision=wanted.revision,
            private=wanted.private,
        )  # fmt: skip
        with self._held(named, hub, stop, good) as folder:
            yield folder

    @contextmanager
    def code(self, sha256: str, *, private: bool) -> Iterator[Path]:
        """Where the lab's wheel with this digest is installed: a home whose folder for it is held meanwhile."""
        home = self.shelves.home_of(private=private)
        with self.shelves.hold(home / "plugins" / sha256, private=private):
            yield home

    @contextmanager
    def _held(self, wanted: Wanted, hub: HubAccess, stop: Ask, good: Callable[[Path], bool]) -> Iterator[Path]:
        place = self.shelves.home_of(private=wanted.private) / wanted.shelf / wanted.key
        with self.shelves.hold(place, private=wanted.private):
            with self._alone(place, stop):
                if not (place.is_dir() and checked(place, good)):
                    self._fetch_twice(place, wanted, hub, stop)
                    if not checked(place, good):
                        self.shelves.drop(place)
                        raise ContentChanged(f"{wanted.repo} arrived with another digest than the job names.")
                os.utime(place)
            yield place

    @contextmanager
    def _alone(self, place: Path, stop: Ask) -> Iterator[None]:
        """One slot fetches a thing, others that want it wait; who is told to stop waits no longer."""
        with self.guard:
            lock = self.locks.setdefault(place, threading.Lock())
        while not lock.acquire(timeout=LOOK_S):
            if reason := stop():
                raise Stopped(reason)
        try:
            yield
        finally:
            lock.release()

    def _fetch_twice(self, place: Path, wanted: Wanted, hub: HubAccess, stop: Ask) -> None:
        """A refusal counts when it is repeated: a token that ended with the lease says nothing of rights.

        The lease may be over, and the worker hears so; or a late beat renewed both while the refusal was on its way.
        """
        try:
            self._fetch(place, wanted, hub, stop)
        except EntitlementLost as refused:
            threading.Event().wait(AGAIN_S)
            if reason := stop():
                raise Stopped(reason) from refused
            self._fetch(place, wanted, hub, stop)

    def _fetch(self, place: Path, wanted: Wanted, hub: HubAccess, stop: Ask) -> None:
        """Download beside ``place``, then rename. What an earlier attempt brought is gone on from."""
        self.shelves.drop(place)
        aside = self.shelves.home_of(private=wanted.private) / "incoming" / place.name

        def watch(_path: str, _done: int, _total: int) -> None:
            if reason := stop():
                raise Stopped(reason)

        with ExitStack() as held:
            held.enter_context(self.shelves.hold(aside, private=wanted.private))
            held.enter_context(told_apart(wanted.repo))
            client = held.enter_context(HubClient(hub.url, hub.token))
            size = sum(file.size for file in client.tree(wanted.repo, wanted.kind, wanted.revision))
            held.enter_context(self.shelves.room(max(0, size - size_of(aside)), what=wanted.repo))
            aside.mkdir(parents=True, exist_ok=True)
            client.snapshot(wanted.repo, wanted.kind, wanted.revision, aside, progress=watch)
            place.parent.mkdir(parents=True, exist_ok=True)
            aside.replace(place)


@contextmanager
def told_apart(repo: str) -> Iterator[None]:
    """What went wrong with a download, as the fault of the one who must act."""
    try:
        yield
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
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise DiskFull(f"The disk is full: {repo} could not be written.", stage="downloading") from error


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
    """Bytes of the files in ``folder``; 0 where there is none."""
    return sum(one.stat().st_size for one in folder.rglob("*") if one.is_file())
