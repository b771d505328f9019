"""Wheels made by hand, good ones and bad ones: what a packing tool would write, and what it never would."""

import base64
import csv
import hashlib
import io
import stat
import struct
import zipfile  # noqa: TID251 tests pack what is then inspected
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

NAME, MODULE, VERSION = "lumen-counts", "lumen_counts", "0.1.0"
INFO = f"{MODULE}-{VERSION}.dist-info"
FILE = f"{MODULE}-{VERSION}-py3-none-any.whl"
METADATA = (
    f"Metadata-Version: 2.4\nName: {NAME}\nVersion: {VERSION}\nSummary: Counts words, learns in a second.\n"
    "License-Expression: Apache-2.0\n\n# Counts\n"
)
WHEEL = "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
POINTS = f"[landbridge]\n{MODULE} = {MODULE}\n"


@dataclass
class Made:
    """The members of a wheel, to be changed before it is packed."""

    file: str = FILE
    members: dict[str, bytes] = field(
        default_factory=lambda: {
            f"{MODULE}/__init__.py": b"MARK = 1\n",
            f"{INFO}/METADATA": METADATA.encode(),
            f"{INFO}/WHEEL": WHEEL.encode(),
            f"{INFO}/entry_points.txt": POINTS.encode(),
        }
    )
    record: bytes | None = None  # else as it should be
    entries: list[tuple[zipfile.ZipInfo, bytes]] = field(default_factory=list)  # added as they are
    after: Callable[[bytes], bytes] = bytes  # what is done to the packed file

    def packed(self) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.members.items():
                archive.writestr(name, content)
            for entry, content in self.entries:
                archive.writestr(entry, content)
            listed = {**self.members, **{entry.filename: content for entry, content in self.entries}}
            archive.writestr(f"{INFO}/RECORD", record_of(listed) if self.record is None else self.record)
        return self.after(out.getvalue())


def record_of(members: Mapping[str, bytes]) -> bytes:
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    for name, content in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        lines.writerow([name, f"sha256={digest}", len(content)])
    lines.writerow([f"{INFO}/RECORD", "", ""])
    return out.getvalue().encode()


def with_member(name: str, content: bytes = b"x = 1\n") -> Made:
    made = Made()
    made.members[name] = content
    return made


def with_entry(name: str, content: bytes = b"x", *, mode: int = 0) -> Made:
    """A member that the packing tool would not write; ``mode`` as in ``st_mode``."""
    made = Made()
    entry = zipfile.ZipInfo(name)
    entry.external_attr = mode << 16
    made.entries.append((entry, content))
    return made


def link() -> Made:
    return with_entry(f"{MODULE}/weights", b"/etc/passwd", mode=stat.S_IFLNK | 0o777)


def renamed(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    """Another name in the packed bytes, of the same length: what no library would write."""
    assert len(old) == len(new)
    return lambda packed: packed.replace(old, new)


def flagged(packed: bytes) -> bytes:
    """The first member marked as encrypted, in its header and in the directory."""
    changed = bytearray(packed)
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = changed.index(mark) + place
        changed[at : at + 2] = struct.pack("<H", 1)
    return bytes(changed)
