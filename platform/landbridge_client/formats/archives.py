"""A zip archive read under caps: its directory is judged first, its members are streamed, nothing is ever unpacked."""

import re
import stat
import struct
import unicodedata
import zipfile  # noqa: TID251 the one place that opens archives, under caps
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from landbridge_client.formats.errors import FormatError

PIECE: Final = 64 << 10
END: Final = struct.Struct("<4s4H2LH")  # the end of the central directory
END_MARK, ZIP64_MARK, LOCAL_MARK = b"PK\x05\x06", b"PK\x06\x07", b"PK\x03\x04"
ZIP64_LOCATOR: Final = 20  # bytes before the end
DIRECTORY: Final = 4 << 20  # bytes of the central directory
SLACK: Final = 1 << 20  # bytes: below this, a good ratio of compression harms nobody
ENCRYPTED: Final = 0x1 | 0x40 | 0x2000  # flags: traditional, strong, masked headers
FORBIDDEN: Final = re.compile(r'[\\:*?"<>|\x00-\x1f\x7f]')
INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})  # controls, bidi marks, surrogates
SEGMENT: Final = 255  # bytes
PATH: Final = 1000  # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Sizes in bytes; ``ratio`` is unpacked to packed."""

    packed: int = 256 << 20
    unpacked: int = 512 << 20
    files: int = 5_000
    ratio: int = 100


CAPS: Final = Caps()


class Archive:
    """An open archive whose directory was judged. ``members`` are its files, folders left out."""

    def __init__(self, stream: BinaryIO, size: int, caps: Caps = CAPS) -> None:
        """Raises ``FormatError`` for a directory that lies, or names what may not stand in an archive."""
        self.caps, self.size, self.unpacked = caps, size, 0
        check_end(stream, size, caps)
        stream.seek(0)
        try:
            self.zip = zipfile.ZipFile(stream)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            raise damaged(str(error)) from error
        entries = self.zip.infolist()
        for entry in entries:
            check_entry(entry)
        self.members = [entry for entry in entries if not entry.is_dir()]
        check_names(entries)
        self.check_sizes()

    def check_sizes(self) -> None:
        if len(self.members) > self.caps.files:
            raise too_many(len(self.members), self.caps)
        if sum(entry.compress_size for entry in self.members) > self.size:
            raise damaged("its members overlap")
        if (total := sum(entry.file_size for entry in self.members)) > self.caps.unpacked:
            raise too_large(total, self.caps)

    def read(self, member: zipfile.ZipInfo) -> Iterator[bytes]:
        """The member's bytes, piece by piece. Raises ``FormatError`` as soon as a cap is passed, or at a wrong sum."""
        out = 0
        try:
            with self.zip.open(member) as stream:
                while piece := stream.read(PIECE):
                    out += len(piece)
                    self.unpacked += len(piece)
                    self.require_within(member, out)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
            raise damaged(f"{shown(member.filename)}: {error}") from error

    def require_within(self, member: zipfile.ZipInfo, out: int) -> None:
        if self.unpacked > self.caps.unpacked:
            raise too_large(self.unpacked, self.caps)
        one = out > SLACK + self.caps.ratio * max(1, member.compress_size)
        if one or self.unpacked > SLACK + self.caps.ratio * self.size:
            raise FormatError(
                "archive_ratio",
                f"{shown(member.filename)} unpacks to more than {self.caps.ratio} times its packed size, as bombs do. "
                "Ship data that is not padded, or fetch less of it.",
            )

    def content(self, member: zipfile.ZipInfo, cap: int) -> bytes:
        """A small member whole. Raises ``FormatError`` where it has more than ``cap`` bytes."""
        found = bytearray()
        for piece in self.read(member):
            found += piece
            if len(found) > cap:
                raise FormatError(
                    "archive_too_large", f"{shown(member.filename)} may have {cap:,} bytes. Make it smaller."
                )
        return bytes(found)


def check_end(stream: BinaryIO, size: int, caps: Caps) -> None:
    """The end of the directory, before anything is allocated for it."""
    if size > caps.packed:
        raise FormatError("archive_too_large", f"The archive has {size:,} bytes; at most {caps.packed:,} are allowed.")
    if size < END.size:
        raise damaged("it is too short")
    stream.seek(size - END.size)
    mark, disk, first, here, entries, length, offset, comment = END.unpack(stream.read(END.size))
    if mark != END_MARK or comment or disk or first or here != entries:
        raise damaged("its directory does not end where the file ends")
    if entries > caps.files + caps.files // 2 or length > DIRECTORY:  # folders are entries too
        raise too_many(entries, caps)
    if offset + length + END.size != size:
        raise damaged("it has bytes before its beginning or after its directory, or is of a size that no wheel needs")
    if size >= END.size + ZIP64_LOCATOR:
        stream.seek(size - END.size - ZIP64_LOCATOR)
        if stream.read(len(ZIP64_MARK)) == ZIP64_MARK:
            raise damaged("it is of the format for more than 4 GiB")
    stream.seek(0)
    if entries and stream.read(len(LOCAL_MARK)) != LOCAL_MARK:
        raise damaged("it does not begin with a member")


def check_entry(entry: zipfile.ZipInfo) -> None:
    """What one line of the directory says of a member, whoever made it."""
    name = getattr(entry, "orig_filename", entry.filename)
    if problem := name_problem(name.removesuffix("/")):
        raise FormatError("archive_path", f"The member “{shown(name)}” {problem}. Build the wheel again without it.")
    if entry.flag_bits & ENCRYPTED:
        raise FormatError("archive_encrypted", f"{shown(name)} is encrypted: nobody could check it. Pack it plainly.")
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise FormatError(
            "archive_compression", f"{shown(name)} is packed in a way that wheels do not use. Build it again."
        )
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind == stat.S_IFLNK:
        raise FormatError("archive_link", f"{shown(name)} is a link. Put the file itself there.")
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR} or (kind == stat.S_IFDIR) > entry.is_dir():
        raise FormatError("archive_special", f"{shown(name)} is no plain file. Remove it.")


def name_problem(name: str) -> str | None:
    """What is wrong with a member's name, or ``None``: it must mean the same file everywhere, inside its folder."""
    segments = name.split("/")
    held = {
        "is absolute or empty": not name or name.startswith("/"),
        "holds a backslash": "\\" in name,
        "leads out of its folder, or holds empty parts": any(one in {"", ".", ".."} for one in segments),
        "holds characters that some systems refuse": FORBIDDEN.search(name)
        or unicodedata.normalize("NFC", name) != name,
        "holds invisible characters": any(unicodedata.category(one) in INVISIBLE for one in name),
        "has a part that begins or ends with a space, or ends with a dot": any(map(odd, segments)),
        "is too long": len(name.encode("utf-8", "replace")) > PATH
        or any(len(one.encode("utf-8", "replace")) > SEGMENT for one in segments),
    }
    return next((problem for problem, holds in held.items() if holds), None)


def odd(segment: str) -> bool:
    return segment != segment.strip() or segment.endswith(".")


def check_names(entries: list[zipfile.ZipInfo]) -> None:
    """No name twice, in any case of letters; no file where another needs a folder."""
    seen: dict[str, str] = {}
    folders: dict[str, str] = {}
    for entry in entries:
        name = entry.filename.removesuffix("/")
        folded = name.casefold()
        if seen.get(folded) == name:
            raise FormatError("archive_duplicate", f"{shown(name)} stands twice: readers would disagree. Keep one.")
        if folded in seen:
            raise FormatError(
                "archive_case",
                f"{shown(name)} cannot be told from {shown(seen[folded])} where case does not count. Rename one.",
            )
        seen[folded] = name
        parts = folded.split("/")
        folders.update({"/".join(parts[:stop]): name for stop in range(1, len(parts))})
    files = {entry.filename.casefold() for entry in entries if not entry.is_dir()}
    if clash := next((name for name in sorted(files) if name in folders), None):
        raise FormatError(
            "archive_path", f"{shown(clash)} is a file, and {shown(folders[clash])} needs a folder of that name."
        )


def damaged(why: str) -> FormatError:
    return FormatError("archive_damaged", f"The archive is not sound: {why}. Build it again and send it again.")


def too_many(count: int, caps: Caps) -> FormatError:
    return FormatError("archive_too_many_files", f"There are {count:,} files; at most {caps.files:,} are allowed.")


def too_large(size: int, caps: Caps) -> FormatError:
    return FormatError(
        "archive_too_large",
        f"It unpacks to {size:,} bytes or more; at most {caps.unpacked:,} are allowed. "
        "Put weights into the model's folder as safetensors, not into the wheel.",
    )


def shown(name: str) -> str:
    """A name as it may be printed."""
    return name.encode("unicode_escape").decode()[:200]
