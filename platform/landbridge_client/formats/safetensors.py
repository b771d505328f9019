"""The header of a safetensors file, read by us and exactly: nothing between, before or after the tensors.

Format: https://github.com/huggingface/safetensors#format. Eight bytes of little-endian length, a JSON header, the data.
A file that passes holds tensors and nothing else, so it cannot also be a pickle, an archive or a program.
"""

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from landbridge_client.formats.errors import FormatError

HEADER_CAP = 100_000_000  # bytes; that of the reference implementation
TENSORS_CAP = 500_000
RANK_CAP = 32
ELEMENTS_CAP = 2**62
LENGTH_BYTES = 8
BITS = {
    "BOOL": 8, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "U8": 8, "I8": 8,
    "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "I16": 16, "U16": 16, "F16": 16, "BF16": 16, "I32": 32, "U32": 32, "F32": 32,
    "C64": 64, "F64": 64, "I64": 64, "U64": 64,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """One tensor. ``start`` and ``stop`` count bytes from the end of the header."""

    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Header:
    """What a safetensors file says of itself, checked. ``parameters`` counts elements by dtype."""

    metadata: Mapping[str, str]
    tensors: Mapping[str, TensorInfo]
    parameters: Mapping[str, int]


def read_header(source: Path | BinaryIO, size: int | None = None, *, cap: int = HEADER_CAP) -> Header:
    """Parse and check the header of a file of ``size`` bytes (a path knows its own).

    Reads the header only. Raises ``FormatError``: ``safetensors_truncated`` when bytes are missing,
    ``safetensors_trailing`` when there are bytes no tensor owns, ``safetensors_header`` for anything else.
    """
    if isinstance(source, Path):
        with source.open("rb") as stream:
            return read_header(stream, source.stat().st_size, cap=cap)
    if size is None:
        raise TypeError("read_header() needs the size of a stream.")
    raw = _raw_header(source, size, cap)
    return _checked(_json_object(raw), size - LENGTH_BYTES - len(raw))


def _raw_header(stream: BinaryIO, size: int, cap: int) -> bytes:
    first = _read(stream, LENGTH_BYTES)
    length = int.from_bytes(first, "little")
    if length > cap:
        raise FormatError(
            "safetensors_header",
            f"The header would be {length} bytes long, more than the {cap} allowed: this is not a safetensors file.",
        )
    if LENGTH_BYTES + length > size:
        raise FormatError(
            "safetensors_truncated",
            f"The header needs {LENGTH_BYTES + length} bytes and the file has {size}. Upload it again, whole.",
        )
    raw = _read(stream, length)
    if not raw.startswith(b"{"):
        raise FormatError("safetensors_header", "The header does not begin with '{': this is not a safetensors file.")
    return raw


def _read(stream: BinaryIO, count: int) -> bytes:
    """Exactly ``count`` bytes; streams from a store may answer in smaller pieces."""
    parts: list[bytes] = []
    while count and (part := stream.read(count)):
        parts.append(part)
        count -= len(part)
    if count:
        raise FormatError("safetensors_truncated", "The file ends inside its header. Upload it again, whole.")
    return b"".join(parts)


def _json_object(raw: bytes) -> dict[str, Any]:
    try:
        header = json.loads(raw.decode(), object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
    except FormatError:
        raise
    except (ValueError, RecursionError) as error:
        raise FormatError("safetensors_header", f"The header is not JSON ({error}).") from error
    if not isinstance(header, dict):
        raise FormatError("safetensors_header", "The header is not a JSON object.")
    return header


def _no_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise FormatError("safetensors_header", f"The header names {twice!r} twice: readers would disagree.")
    return found


def _no_constant(word: str) -> object:
    raise FormatError("safetensors_header", f"The header holds {word}, which JSON lacks.")


def _checked(header: dict[str, Any], available: int) -> Header:
    metadata = header.pop("__metadata__", {})
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise FormatError("safetensors_header", "__metadata__ must map names to texts.")
    if len(header) > TENSORS_CAP:
        raise FormatError("safetensors_header", f"More than {TENSORS_CAP} tensors.")
    tensors = {name: _tensor(name, value) for name, value in header.items()}
    _spans_are_exact(tensors, available)
    parameters: Counter[str] = Counter()
    for tensor in tensors.values():
        parameters[tensor.dtype] += math.prod(tensor.shape)
    return Header(metadata=metadata, tensors=tensors, parameters=dict(parameters))


def _tensor(name: str, value: object) -> TensorInfo:
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise FormatError("safetensors_header", f"{name}: a tensor has exactly dtype, shape and data_offsets.")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in BITS:
        raise FormatError("safetensors_header", f"{name}: the dtype {dtype!r} is unknown. Known: {', '.join(BITS)}.")
    if not _naturals(shape) or len(shape) > RANK_CAP:
        raise FormatError("safetensors_header", f"{name}: the shape must list at most {RANK_CAP} whole numbers.")
    if not _naturals(offsets) or len(offsets) != 2 or offsets[0] > offsets[1]:  # noqa: PLR2004 a start and a stop
        raise FormatError("safetensors_header", f"{name}: data_offsets must be a start and a stop, in order.")
    elements = math.prod(shape)
    bits = elements * BITS[dtype]
    if elements > ELEMENTS_CAP or bits % 8 or bits // 8 != offsets[1] - offsets[0]:
        raise FormatError("safetensors_header", f"{name}: its shape and dtype do not fill its data_offsets exactly.")
    return TensorInfo(dtype, tuple(shape), offsets[0], offsets[1])


def _naturals(value: object) -> bool:
    """Whole numbers of 0 or more; ``true`` is not a number here."""
    return isinstance(value, list) and all(type(item) is int and 0 <= item <= ELEMENTS_CAP for item in value)


def _spans_are_exact(tensors: Mapping[str, TensorInfo], available: int) -> None:
    """Sorted by place, the tensors touch one another from byte 0 to the last byte of the file."""
    end = 0
    for name, tensor in sorted(tensors.items(), key=lambda item: (item[1].start, item[1].stop)):
        if tensor.start != end:
            what = "overlaps another tensor" if tensor.start < end else f"leaves {tensor.start - end} bytes unnamed"
            raise FormatError("safetensors_header", f"{name} {what}; save the file again with safetensors.")
        end = tensor.stop
    if end > available:
        raise FormatError(
            "safetensors_truncated",
            f"{end - available} bytes of the tensors are missing. Upload the file again, whole.",
        )
    if end < available:
        raise FormatError(
            "safetensors_trailing",
            f"{available - end} bytes after the last tensor belong to none. Save the file again with safetensors.",
        )
