"""Are these the predictions that an attestation is about? By the digests of the shards, or row by row."""

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final

from landbridge_client.formats.errors import FormatError

MAGIC: Final = b"\x1f\x8b"
PIECE: Final = 1 << 20
KEPT: Final = ("index", "prediction", "logprobs", "hits", "span")  # what of a sample is a prediction
LINE: Final = 4_000_000  # bytes


def problem_of(file: Path, predicate: Mapping[str, Any]) -> tuple[bool, str]:
    """(whether ``file`` holds what was signed, a sentence). Reads ``samples.jsonl`` and the platform's ``.gz``."""
    with file.open("rb") as stream:
        packed = stream.read(2) == MAGIC
        stream.seek(0)
        return _shards(stream, predicate) if packed else _samples(stream, predicate)


def _shards(stream: BinaryIO, predicate: Mapping[str, Any]) -> tuple[bool, str]:
    signed = predicate.get("shards")
    wanted = [str(one.get("sha256")) for one in signed if isinstance(one, dict)] if isinstance(signed, list) else []
    found = list(members(stream))
    if found == wanted:
        return True, f"all {len(found)} shards are those that were signed"
    odd = next((place for place, one in enumerate(found) if place >= len(wanted) or one != wanted[place]), len(found))
    return False, f"shard {odd} of {len(wanted)} is not the one that was signed ({len(found)} were given)"


def members(stream: BinaryIO) -> Iterator[str]:
    """The SHA-256 of each gzip member, as its bytes stand in the file; nothing unpacked is kept."""
    rest = stream.read(PIECE)
    while rest:
        unpacker, digest = zlib.decompressobj(wbits=31), hashlib.sha256()
        while True:
            try:
                unpacker.decompress(rest, PIECE)
                while unpacker.unconsumed_tail:
                    unpacker.decompress(unpacker.unconsumed_tail, PIECE)
            except zlib.error as error:
                raise FormatError("predictions_invalid", "The file of predictions is not whole gzip.") from error
            digest.update(rest[: len(rest) - len(unpacker.unused_data)])
            if unpacker.eof:
                break
            rest = stream.read(PIECE)
            if not rest:
                raise FormatError("predictions_invalid", "The file of predictions ends too early.")
        yield digest.hexdigest()
        rest = unpacker.unused_data or stream.read(PIECE)


def _samples(stream: BinaryIO, predicate: Mapping[str, Any]) -> tuple[bool, str]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for line in iter(lambda: stream.readline(LINE), b""):
        try:
            row = json.loads(line)
            rows.setdefault(str(row["task"]), []).append(row)
        except (ValueError, KeyError, TypeError) as error:
            raise FormatError("predictions_invalid", "A line of the predictions is no sample of a task.") from error
    tasks = predicate.get("tasks")
    signed = [one for one in tasks if isinstance(one, dict)] if isinstance(tasks, list) else []
    wanted = {str(one.get("name")): one.get("predictions_sha256") for one in signed if one.get("predictions_sha256")}
    odd = sorted(name for name in {*rows, *wanted} if digest_of(rows.get(name, ())) != wanted.get(name))
    if odd:
        return False, f"the predictions on {', '.join(odd[:5])} are not those that were signed"
    return True, f"the predictions on {len(rows)} tasks are those that were signed"


def digest_of(samples: Iterable[Mapping[str, Any]]) -> str:
    """SHA-256 of what was predicted, row by row, as the engine signs it."""
    rows = [[one.get(name) for name in KEPT] for one in samples]
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()
