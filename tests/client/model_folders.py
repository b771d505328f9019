"""Folders that a lab might submit, made by hand so that every byte of them is known."""

import json
import struct
from collections.abc import Mapping
from pathlib import Path

CARD = "---\nlicense: apache-2.0\nlanguage: en\n---\n\n# A small model\n"
CONFIG = {"architectures": ["BertModel"], "model_type": "bert"}


def safetensors(header: object, data: bytes = b"") -> bytes:
    """A file with the header as given, right or wrong."""
    raw = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(raw)) + raw + data


def tensor(start: int, stop: int, *, dtype: str = "F32", shape: tuple[int, ...] | None = None) -> dict[str, object]:
    return {"dtype": dtype, "shape": list(shape or ((stop - start) // 4,)), "data_offsets": [start, stop]}


WEIGHTS = safetensors({"__metadata__": {"format": "pt"}, "a": tensor(0, 16), "b": tensor(16, 24)}, bytes(24))


def write(folder: Path, files: Mapping[str, bytes | str]) -> Path:
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def good(folder: Path, **changed: bytes | str | None) -> Path:
    """A sound folder; ``changed`` replaces a file (``README__md=…``) or, with ``None``, leaves it out."""
    files: dict[str, bytes | str] = {
        "README.md": CARD,
        "config.json": json.dumps(CONFIG),
        "model.safetensors": WEIGHTS,
        "vocab.txt": "[PAD]\n[UNK]\nhello\n",
    }
    for name, content in changed.items():
        path = name.replace("__", ".")
        files.pop(path, None)
        if content is not None:
            files[path] = content
    return write(folder, files)
