"""Where the bytes of shards lie: files named by their SHA-256. Rows point at them; nothing is ever rewritten."""

import gzip
import hashlib
import io
import os
import tempfile
import zlib
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings

from landbridge.core.errors import TooLarge
from landbridge.evaluations.errors import BadShard

PACKED: Final = 16 << 20  # bytes on the wire
UNPACKED: Final = 64 << 20
PIECE: Final = 1 << 20


def read_bounded(stream: BinaryIO, limit: int = PACKED) -> bytes:
    body = stream.read(limit + 1)
    if len(body) > limit:
        raise TooLarge(f"A shard may hold {limit >> 20} MiB packed. Plan smaller shards.")
    return body


def check(body: bytes) -> None:
    """Raises ``BadShard`` unless ``body`` unpacks, under the cap, to lines of text that each end."""
    size, last = 0, b""
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(body)) as unpacked:
            while piece := unpacked.read(PIECE):
                size, last = size + len(piece), piece
                if size > UNPACKED:
                    raise BadShard(f"The shard unpacks to more than {UNPACKED >> 20} MiB.")
    except (OSError, EOFError, zlib.error) as error:
        raise BadShard("The shard is not whole gzip.") from error
    if not last.endswith(b"\n"):
        raise BadShard("The shard holds no whole lines.")


def keep(body: bytes) -> str:
    """Write ``body``, durably, and answer its SHA-256. A file that is there is left as it is."""
    sha256 = hashlib.sha256(body).hexdigest()
    path = place(sha256)
    if path.exists():
        return sha256
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".new-", delete=False) as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)
    return sha256


def load(sha256: str) -> bytes:
    return place(sha256).read_bytes()


def place(sha256: str) -> Path:
    return Path(settings.LANDBRIDGE_HOME) / "shards" / sha256[:2] / sha256
