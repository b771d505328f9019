"""Finished shards, kept by the platform: what another attempt delivered is not computed again."""

import gzip
import hashlib
from pathlib import Path

from landbridge_evaluation import points
from landbridge_evaluation.errors import ContentChanged, Stopped
from landbridge_evaluation.worker.api import AttemptApi
from landbridge_evaluation.worker.signals import Stop

LEVEL = 3  # base64 of floats packs no better at 9


class RemoteStore:
    """A ``ShardStore`` over the worker API. ``digests`` are those of the stored bytes, for the statement."""

    def __init__(self, api: AttemptApi, folder: Path, stop: Stop) -> None:
        self.api, self.folder, self.stop = api, folder, stop
        folder.mkdir(parents=True, exist_ok=True)
        said = api.status()
        self.digests: dict[int, str] = {one["index"]: one["sha256"] for one in said["shards"]}
        self.lacking: set[int] = set(said["missing"])
        self.log_next = int(said["log_next"])

    def missing(self) -> list[int]:
        return sorted(self.lacking)

    def put(self, index: int, lines: bytes) -> None:
        """Raises ``Stopped`` once the shard is safe, where the worker is to end: the next attempt goes on from here."""
        body = gzip.compress(lines, compresslevel=LEVEL, mtime=0)
        points.reached("shard_unsent")
        kept = self.api.put_shard(index, body)
        self.digests[index] = kept
        self.lacking.discard(index)
        points.reached("shard_kept")
        if kept == hashlib.sha256(body).hexdigest():
            self._path(index).write_bytes(body)
        if self.lacking and self.stop.draining:
            raise Stopped("drain")

    def get(self, index: int) -> bytes:
        path = self._path(index)
        body = path.read_bytes() if path.is_file() else self.api.get_shard(index)
        if hashlib.sha256(body).hexdigest() != self.digests[index]:
            raise ContentChanged(f"Shard {index} came back with another digest than it was kept under.")
        if not path.is_file():
            path.write_bytes(body)
        return gzip.decompress(body)

    def to_json(self) -> list[dict[str, object]]:
        return [{"index": index, "sha256": self.digests[index]} for index in sorted(self.digests)]

    def _path(self, index: int) -> Path:
        return self.folder / f"{index:06}.gz"
