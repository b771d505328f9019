"""How much of the disk the cache takes: the least recently used goes first, before something new comes.

What a running job uses is held and never goes. Private things lie apart, go with the last job that holds them, and
what a process that died left of them goes at the next start.
"""

import logging
import os
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import uuid4

from landbridge_evaluation.errors import InfrastructureFault

log = logging.getLogger(__name__)
LIMIT: Final = 50 << 30  # bytes
RESERVE: Final = 1 << 30  # bytes of the disk that stay free, or
SHARE: Final = 0.02  # of it, whichever is less
KEPT: Final = ("models", "datasets", "plugins", "incoming")
PRIVATE, GONE = "private", "gone"
UNFINISHED: Final = "incoming-"  # a wheel that is being installed


class DiskFull(InfrastructureFault):
    """There is no room for what the job needs, and nothing more that could go."""

    code = "disk_full"


@dataclass(slots=True)
class Shelves:
    """``limit`` bytes are kept at most, beyond what running jobs hold; ``reserve`` bytes of the disk stay free."""

    home: Path
    limit: int = LIMIT
    reserve: int | None = None
    guard: threading.Lock = field(default_factory=threading.Lock)
    held: Counter[Path] = field(default_factory=Counter)
    coming: int = 0  # bytes that downloads under way still bring

    def home_of(self, *, private: bool) -> Path:
        return self.home / PRIVATE if private else self.home

    def tidy(self) -> None:
        """At the start of a process: away with private things and half-made ones of an earlier one."""
        for place in (self.home / PRIVATE, self.home / GONE, *self.home.glob(f"plugins/{UNFINISHED}*")):
            remove(place)

    @contextmanager
    def hold(self, place: Path, *, private: bool = False) -> Iterator[None]:
        """``place`` stays while this lasts, though it may not be there yet."""
        with self.guard:
            self.held[place] += 1
        try:
            yield
        finally:
            with self.guard:
                self.held[place] -= 1
                over = self.held[place] <= 0
                if over:
                    del self.held[place]
            if over and private:
                self.drop(place)
            elif over:
                with suppress(OSError):
                    os.utime(place)

    @contextmanager
    def room(self, size: int, *, what: str) -> Iterator[None]:
        """Make room for ``size`` bytes and keep it while this lasts. Raises ``DiskFull``."""
        with self.guard:
            doomed = self._make_room(size)
            self.coming += size
        try:
            for place in doomed:
                remove(place)
            if not self.fits(0):  # what comes is counted already
                raise DiskFull(
                    f"{what} needs {size >> 20} MiB, and {self.free() >> 20} MiB are free, of which "
                    f"{self.kept_free() >> 20} stay free. Nothing more can go.",
                    stage="downloading",
                )
            yield
        finally:
            with self.guard:
                self.coming -= size

    def drop(self, place: Path) -> None:
        """Take ``place`` away at once, also what cannot be written; its bytes go a little later."""
        with self.guard:
            doomed = self._aside(place)
        if doomed is not None:
            remove(doomed)

    def roomy(self) -> bool:
        """Whether there is room to work at all: false is a reason to take no job."""
        lacking = self.kept_free() - self.free()
        return lacking <= 0 or self._could_go() >= lacking

    def fits(self, size: int) -> bool:
        return self.free() >= size + self.coming + self.kept_free()

    def free(self) -> int:
        return shutil.disk_usage(nearest(self.home)).free

    def kept_free(self) -> int:
        if self.reserve is not None:
            return self.reserve
        return min(RESERVE, int(shutil.disk_usage(nearest(self.home)).total * SHARE))

    def _could_go(self) -> int:
        with self.guard:
            return sum(size for place, size in self._sizes().items() if place not in self.held)

    def _make_room(self, size: int) -> list[Path]:
        """Put aside what has to go, oldest first, and answer where it lies now. Called under the guard."""
        sizes, doomed = self._sizes(), []
        total, freed, missing = sum(sizes.values()), 0, size + self.coming + self.kept_free() - self.free()
        free = [place for place in sorted(sizes, key=age) if place not in self.held]
        if missing > sum(sizes[place] for place in free):
            return []  # all of them would not be enough, so none goes for nothing
        fitting = size + self.coming <= self.limit  # what alone is too large makes nothing else go
        for place in free:
            if freed >= missing and not (fitting and total + size + self.coming > self.limit):
                break
            log.info("%s leaves the cache: %s MiB", place.name[:16], sizes[place] >> 20)
            total, freed = total - sizes[place], freed + sizes[place]
            if (gone := self._aside(place)) is not None:
                doomed.append(gone)
        return doomed

    def _sizes(self) -> dict[Path, int]:
        shelves = [home / name for home in (self.home, self.home / PRIVATE) for name in KEPT]
        places = [one for shelf in shelves if shelf.is_dir() for one in shelf.iterdir() if one.is_dir()]
        return {one: size_on_disk(one) for one in places if not one.name.startswith(UNFINISHED)}

    def _aside(self, place: Path) -> Path | None:
        if not place.is_dir():
            return None
        gone = self.home / GONE / uuid4().hex
        gone.parent.mkdir(parents=True, exist_ok=True)
        place.chmod(0o755)  # a folder that cannot be written cannot be moved, either
        place.rename(gone)
        return gone


def age(place: Path) -> float:
    with suppress(OSError):
        return place.stat().st_mtime
    return 0.0


def nearest(path: Path) -> Path:
    """``path``, or the first folder above it that is there."""
    return next(one for one in (path, *path.parents) if one.exists())


def size_on_disk(folder: Path) -> int:
    found = 0
    for one in folder.rglob("*"):
        with suppress(OSError):
            found += one.lstat().st_size
    return found


def remove(folder: Path) -> None:
    """Also what is read-only."""
    if not folder.is_dir():
        return
    for one in [folder, *folder.rglob("*")]:
        with suppress(OSError):
            if one.is_dir() and not one.is_symlink():
                one.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
