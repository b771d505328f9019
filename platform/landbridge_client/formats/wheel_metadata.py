"""The files of a wheel's ``dist-info``: what they list, what they declare, and whether they agree with each other."""

import configparser
import csv
import io
from collections.abc import Iterator, Mapping
from email import message_from_bytes
from email.message import Message
from typing import Final

from landbridge_client.formats import modules
from landbridge_client.formats.archives import shown
from landbridge_client.formats.errors import FormatError

GROUP: Final = "landbridge"
REBUILD: Final = "Build it again: python -m build --wheel."


def check_record(text: bytes, digests: Mapping[str, tuple[str, int]], info: str) -> None:
    """Every member listed with its SHA-256 and size, and nothing else."""
    lines = dict(record_lines(text))
    for name, (digest, size) in digests.items():
        if name in {f"{info}/RECORD", f"{info}/RECORD.jws", f"{info}/RECORD.p7s"}:
            continue
        if name not in lines:
            raise FormatError("record_unlisted", f"RECORD does not list {shown(name)}: it was added later. {REBUILD}")
        said, length = lines[name]
        if said != f"sha256={digest}" or length != str(size):
            raise FormatError(
                "record_mismatch", f"{shown(name)} is not what RECORD says: it was changed later. {REBUILD}"
            )
    if gone := next((name for name in lines if name not in digests), None):
        raise FormatError("record_missing_file", f"RECORD lists {shown(gone)}, which is not there. {REBUILD}")


def record_lines(text: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    seen, twice = set[str](), False
    try:
        for row in csv.reader(io.StringIO(text.decode()), strict=True):
            if not row:
                continue
            name, digest, size = row
            twice = twice or name in seen
            seen.add(name)
            yield name, (digest, size)
    except (ValueError, csv.Error) as error:
        raise FormatError("record_invalid", f"RECORD cannot be read: {shown(str(error))}. {REBUILD}") from error
    if not seen or twice:
        raise FormatError("record_invalid", f"RECORD is missing, or lists something twice. {REBUILD}")


def normal_version(version: str) -> str:
    return version.lower().replace("_", "-").replace("+", "-")


def check_tag(contents: Mapping[str, bytes]) -> None:
    """``WHEEL`` agrees with the name of the file."""
    said = message_from_bytes(contents.get("WHEEL", b""))
    tags = said.get_all("Tag") or []
    pure = str(said.get("Root-Is-Purelib", "")).strip().lower() == "true"
    if not str(said.get("Wheel-Version", "")).startswith("1.") or not pure or "py3-none-any" not in tags:
        raise FormatError(
            "wheel_tag", f"WHEEL does not say Wheel-Version 1, Root-Is-Purelib: true and Tag: py3-none-any. {REBUILD}"
        )


def metadata_of(contents: Mapping[str, bytes], named: Mapping[str, str]) -> Message:
    metadata = message_from_bytes(contents.get("METADATA", b""))
    name, version = str(metadata.get("Name") or ""), str(metadata.get("Version") or "")
    same = modules.normal(name) == modules.normal(named["name"])
    if not same or normal_version(version) != normal_version(named["version"]):
        raise FormatError(
            "wheel_name_mismatch",
            f"METADATA says {shown(name)} {shown(version)}, the file {named['name']} {named['version']}. {REBUILD}",
        )
    return metadata


def entry_points_of(contents: Mapping[str, bytes]) -> tuple[tuple[str, str], ...]:
    parser = configparser.RawConfigParser(delimiters=("=",), strict=True)
    parser.optionxform = str  # type: ignore[assignment, method-assign] # names keep their case
    try:
        parser.read_string(contents.get("entry_points.txt", b"").decode())
    except (configparser.Error, UnicodeDecodeError) as error:
        raise FormatError("entry_point_invalid", f"entry_points.txt cannot be read. {REBUILD}") from error
    points = tuple(parser.items(GROUP)) if parser.has_section(GROUP) else ()
    if not points:
        raise FormatError(
            "no_entry_point",
            f'The wheel names no plugin. Add [project.entry-points.{GROUP}] to pyproject.toml, with name = "module".',
        )
    return points
