"""Files written before the transaction that will name them. What no row names when the work ends is removed."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from landbridge_registry.models import Blob
from landbridge_registry.storage import store

if TYPE_CHECKING:
    from pathlib import Path


class Stage:
    """``with Stage() as stage: stored = stage.put_bytes(...); services.make_commit(...)``."""

    def __init__(self) -> None:
        self._written: list[str] = []
        self._pending: list[tuple[Path, store.Stored]] = []

    def put_bytes(self, content: bytes) -> store.Stored:
        return self._keep(store.put_bytes(content))

    def put_soon(self, content: bytes) -> store.Stored:
        """One of many: it has its name once ``settle`` was called."""
        temporary, stored = store.write(store.reader_of(content), size=len(content))
        self._pending.append((temporary, stored))
        return stored

    def settle(self) -> None:
        """Flush and name what ``put_soon`` took, all together."""
        pending, self._pending = self._pending, []
        self._written += [stored.location for _, stored in pending]
        store.publish(pending)

    def put_stream(self, read: store.Reader, *, size: int | None = None, sha256: str | None = None) -> store.Stored:
        return self._keep(store.put_stream(read, size=size, sha256=sha256))

    def _keep(self, stored: store.Stored) -> store.Stored:
        self._written.append(stored.location)
        return stored

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The rows decide, not the outcome: a commit that succeeded before something else failed keeps its files."""
        for temporary, _ in self._pending:
            temporary.unlink(missing_ok=True)
        for start in range(0, len(self._written), 500):
            mine = self._written[start : start + 500]
            named = set(Blob.objects.filter(location__in=mine).values_list("location", flat=True))
            for location in mine:
                if location not in named:
                    store.remove(location)
