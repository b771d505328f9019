"""What the cache keeps: the oldest goes first, what a running job holds never, and private things with their job."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from landbridge_client.errors import Denied
from landbridge_client.hub import TreeFile
from landbridge_evaluation.errors import ContentChanged, Stopped
from landbridge_evaluation.jobspec import HubAccess, ModelRef
from landbridge_evaluation.worker import cache as caching
from landbridge_evaluation.worker.cache import Cache, EntitlementLost, digest_of, size_of
from landbridge_evaluation.worker.shelves import DiskFull, Shelves

HUB = HubAccess(url="http://127.0.0.1:1", token="lb_job", expires="")  # noqa: S106 of no site
KB = 1000


def never() -> str | None:
    return None


def kept(home: Path, shelf: str, name: str, size: int, age: int) -> Path:
    place = home / shelf / name
    place.mkdir(parents=True)
    (place / "file").write_bytes(b"x" * size)
    os.utime(place, (age, age))
    return place


def names(home: Path, shelf: str = "models") -> list[str]:
    return sorted(one.name for one in (home / shelf).iterdir()) if (home / shelf).is_dir() else []


def test_the_oldest_goes_first_and_only_as_many_as_must(tmp_path: Path) -> None:
    for number, name in enumerate(("oldest", "older", "new")):
        kept(tmp_path, "models", name, 100, age=number)
    shelves = Shelves(tmp_path, limit=350, reserve=0)
    with shelves.room(100, what="another"):
        assert names(tmp_path) == ["new", "older"]
    assert not names(tmp_path, "gone")


def test_what_a_running_job_holds_stays_though_it_is_the_oldest(tmp_path: Path) -> None:
    held = kept(tmp_path, "models", "held", 100, age=0)
    kept(tmp_path, "models", "free", 100, age=1)
    shelves = Shelves(tmp_path, limit=150, reserve=0)
    with shelves.hold(held), shelves.room(100, what="another"):
        assert names(tmp_path) == ["held"]
    with shelves.room(100, what="another"):
        assert names(tmp_path) == [], "the job is over"


def test_one_thing_larger_than_the_limit_throws_nothing_else_out(tmp_path: Path) -> None:
    kept(tmp_path, "models", "small", 100, age=0)
    with Shelves(tmp_path, limit=500, reserve=0).room(501, what="huge"):
        assert names(tmp_path) == ["small"], "the cache is never emptied for what does not fit all the same"


def test_without_room_it_says_so_and_throws_nothing_out_for_nothing(tmp_path: Path) -> None:
    kept(tmp_path, "models", "small", 100, age=0)
    shelves = Shelves(tmp_path, reserve=1 << 60)
    with pytest.raises(DiskFull, match="lumen/large needs 1 MiB") as full, shelves.room(1 << 20, what="lumen/large"):
        pass
    assert full.value.retryable and names(tmp_path) == ["small"] and shelves.coming == 0
    assert not shelves.roomy() and Shelves(tmp_path).roomy()


def test_downloads_at_once_do_not_count_on_the_same_room(tmp_path: Path) -> None:
    shelves = Shelves(tmp_path, reserve=0)
    most = shelves.free()
    with shelves.room(most * 2 // 3, what="one"), pytest.raises(DiskFull), shelves.room(most * 2 // 3, what="two"):
        pass


def test_read_only_folders_of_plugins_go_too_and_what_is_being_installed_does_not(tmp_path: Path) -> None:
    plugin = kept(tmp_path, "plugins", "wheel", 100, age=0)
    kept(tmp_path, "plugins", "incoming-x", 100, age=0)
    (plugin / "file").chmod(0o444)
    plugin.chmod(0o555)
    with Shelves(tmp_path, limit=150, reserve=0).room(100, what="another"):
        assert names(tmp_path, "plugins") == ["incoming-x"]


def test_a_new_process_clears_what_a_dead_one_may_not_leave(tmp_path: Path) -> None:
    kept(tmp_path / "private", "models", "secret", 100, age=0)
    kept(tmp_path, "models", "open", 100, age=0)
    kept(tmp_path, "plugins", "incoming-x", 100, age=0)
    Shelves(tmp_path).tidy()
    assert names(tmp_path) == ["open"] and not (tmp_path / "private").exists() and not names(tmp_path, "plugins")


@dataclass
class Hub:
    """In place of the platform: gives what it has, notes each download, waits where it is told to."""

    files: dict[str, bytes]
    gate: threading.Event
    begun: threading.Event
    fetched: list[str]
    error: Exception | None = None

    def client(self, _url: str, _token: str) -> Any:  # noqa: ANN401 stands in for a client
        @contextmanager
        def opened() -> Iterator["Hub"]:
            yield self

        return opened()

    def tree(self, _repo: str, _kind: str, _revision: str) -> list[TreeFile]:
        if self.error is not None:
            raise self.error
        return [TreeFile(path, len(content), "", None) for path, content in self.files.items()]

    def snapshot(self, repo: str, _kind: str, _revision: str, folder: Path, *, progress: Any) -> None:  # noqa: ANN401
        self.begun.set()
        while not self.gate.wait(0.01):
            progress("", 0, 0)
        self.fetched.append(repo)
        for path, content in self.files.items():
            (folder / path).write_bytes(content)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub({"weights": b"w" * 10 * KB}, threading.Event(), threading.Event(), [])
    made.gate.set()
    monkeypatch.setattr(caching, "HubClient", made.client)
    return made


@pytest.fixture
def wanted(tmp_path: Path, hub: Hub) -> ModelRef:
    folder = tmp_path / "source"
    folder.mkdir()
    for path, content in hub.files.items():
        (folder / path).write_bytes(content)
    return ModelRef(repo="lumen/one", revision="1" * 40, digest=digest_of(folder))


def test_slots_that_want_the_same_fetch_it_once(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", reserve=0))
    hub.gate.clear()

    def use() -> int:
        with cache.model(wanted, HUB, never) as folder:
            return size_of(folder)

    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(use) for _ in range(4)]
        assert hub.begun.wait(5)
        hub.gate.set()
        assert [one.result(10) for one in asked] == [10 * KB] * 4
    assert hub.fetched == ["lumen/one"]


def test_who_waits_for_anothers_download_still_obeys(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", reserve=0))
    hub.gate.clear()

    def use(stop: caching.Ask) -> None:
        with cache.model(wanted, HUB, stop):
            pass

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(use, never)
        assert hub.begun.wait(5)
        with pytest.raises(Stopped, match="cancel"):
            pool.submit(use, lambda: "cancel").result(5)
        hub.gate.set()
        first.result(10)


def test_eviction_during_a_running_job_leaves_its_files(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", limit=12 * KB, reserve=0))
    with cache.model(wanted, HUB, never) as running:
        for number in range(3):  # others come and go on another slot; each needs the room of the one before
            hub.files = {"weights": bytes([number]) * 10 * KB}
            other = tmp_path / f"source-{number}"
            other.mkdir()
            (other / "weights").write_bytes(hub.files["weights"])
            ref = ModelRef(repo=f"lumen/{number}", revision="2" * 40, digest=digest_of(other))
            with cache.model(ref, HUB, never):
                assert (running / "weights").read_bytes() == b"w" * 10 * KB
        assert len(names(tmp_path / "cache")) == 2, "the held one and the newest"
    assert digest_of(running) == wanted.digest


def test_cached_bytes_that_changed_are_fetched_again(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", reserve=0))
    with cache.model(wanted, HUB, never) as folder:
        (folder / "weights").write_bytes(b"another")
    with cache.model(wanted, HUB, never) as folder:
        assert digest_of(folder) == wanted.digest
    assert len(hub.fetched) == 2
    with (
        pytest.raises(ContentChanged),
        cache.model(ModelRef(repo="lumen/one", revision="1" * 40, digest="0" * 64), HUB, never),
    ):
        pass


def test_private_weights_go_with_the_last_job_that_uses_them(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", reserve=0))
    private = ModelRef(repo=wanted.repo, revision=wanted.revision, digest=wanted.digest, private=True)
    with cache.model(private, HUB, never) as folder:
        with cache.model(private, HUB, never) as same:
            assert same == folder
        assert folder.is_dir(), "another job uses it"
    assert not folder.exists() and hub.fetched == ["lumen/one"]
    assert not any(one.is_file() for one in (tmp_path / "cache").rglob("*"))


def test_a_full_disk_and_a_lost_right_are_told_apart(tmp_path: Path, hub: Hub, wanted: ModelRef) -> None:
    cache = Cache(Shelves(tmp_path / "cache", reserve=0))
    hub.error = OSError(28, "No space left on device")
    with pytest.raises(DiskFull), cache.model(wanted, HUB, never):
        pass
    hub.error = Denied(403, {"code": "no_grant", "detail": "The agreement has ended."})
    with pytest.raises(EntitlementLost), cache.model(wanted, HUB, never):
        pass
