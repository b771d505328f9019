"""A lab's wheel, inspected before anyone installs it: read under caps, never executed, never unpacked to a disk.

Policy: pure Python only (``py3-none-any``), no sdists, no ``.pth``, nothing in ``*.data``, modules under names that are
declared and free, a ``RECORD`` that lists every member with its right hash and size, and an entry point in the group
``landbridge`` that leads into the wheel itself.
"""

import base64
import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from email.message import Message
from pathlib import PurePosixPath
from typing import BinaryIO, Final

from landbridge_client.formats import modules
from landbridge_client.formats.archives import CAPS, PIECE, Archive, Caps, shown
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.wheel_metadata import (
    GROUP,
    REBUILD,
    check_record,
    check_tag,
    entry_points_of,
    metadata_of,
    normal_version,
)

SUFFIX: Final = ".whl"
FILE: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][A-Za-z0-9._]*)-(?P<version>[A-Za-z0-9][A-Za-z0-9._+!]*)"
    r"(?:-\d[^-]*)?-(?P<python>[a-z0-9_.]+)-(?P<abi>[a-z0-9_.]+)-(?P<platform>[a-z0-9_.]+)\.whl"
)
SDISTS: Final = (".tar.gz", ".tgz", ".tar.bz2", ".zip", ".tar.xz", ".tar")
NATIVE: Final = frozenset({".so", ".pyd", ".dll", ".dylib", ".a", ".o", ".exe"})
TEXT: Final = 4 << 20  # bytes of a metadata file


@dataclass(frozen=True, slots=True, kw_only=True)
class Wheel:
    """What a sound wheel says of itself."""

    file: str
    name: str  # as METADATA spells it
    version: str
    sha256: str
    size: int
    summary: str
    license: str  # an SPDX expression, empty if none is declared
    description: str
    entry_points: tuple[tuple[str, str], ...]  # of the group landbridge: name, module[:object]
    requires: tuple[str, ...]  # what it asks for; nothing of it is installed
    top_level: tuple[str, ...]


def is_sdist(name: str) -> bool:
    return name.lower().endswith(SDISTS)


def inspect(  # noqa: PLR0913 the bytes, their name, and what they are held against
    stream: BinaryIO,
    size: int,
    file: str,
    *,
    taken: Collection[str] | None = None,
    installed: Collection[str] | None = None,
    caps: Caps = CAPS,
) -> Wheel:
    """The wheel in ``stream``, called ``file``. Raises ``FormatError`` for the first thing that may not be.

    ``taken`` are the names of modules, ``installed`` those of distributions that it may not use; of this environment by
    default. Every member is read once, in pieces.
    """
    named = parse_name(file)
    archive = Archive(stream, size, caps)
    info = info_folder(archive, named)
    for member in archive.members:
        check_member(member.filename, info)
    contents, digests = read_all(archive, info)
    check_record(contents.get("RECORD", b""), digests, info)
    check_tag(contents)
    metadata = metadata_of(contents, named)
    points = entry_points_of(contents)
    tops = top_level(archive, info)
    check_points(points, tops)
    check_names(tops, declared(contents, metadata, points), frozenset(modules.taken() if taken is None else taken))
    check_distribution(str(metadata["Name"]), modules.installed() if installed is None else installed)
    return described(file, size, sha256_of(stream), metadata, points, tops)


def parse_name(file: str) -> Mapping[str, str]:
    """Name, version and tag of the file's name."""
    if is_sdist(file):
        raise FormatError(
            "sdist_refused", f"{shown(file)} is a source distribution, which runs code when it is built. {REBUILD}"
        )
    found = FILE.fullmatch(file)
    if found is None:
        raise FormatError(
            "wheel_file_name",
            f"{shown(file)} is not named as wheels are: NAME-VERSION-py3-none-any.whl. Keep the name that it got.",
        )
    named = found.groupdict()
    if "py3" not in named["python"].split(".") or (named["abi"], named["platform"]) != ("none", "any"):
        raise FormatError(
            "wheel_tag", f"{file} is for one platform or another Python. Only pure wheels run here: py3-none-any."
        )
    return named


def info_folder(archive: Archive, named: Mapping[str, str]) -> str:
    tops = {member.filename.split("/")[0] for member in archive.members}
    found = sorted(top for top in tops if top.lower().endswith((".dist-info", ".egg-info")))
    wanted = f"{named['name']}-{named['version']}.dist-info"
    if len(found) != 1 or normal_info(found[0]) != normal_info(wanted):
        raise FormatError(
            "wheel_dist_info", f"There must be one {wanted}; found {', '.join(map(shown, found)) or 'none'}. {REBUILD}"
        )
    return found[0]


def normal_info(folder: str) -> tuple[str, str]:
    name, _, version = folder.removesuffix(".dist-info").rpartition("-")
    return modules.normal(name), normal_version(version)


def check_member(name: str, info: str) -> None:
    """What may not stand in a wheel at all."""
    top, path = name.partition("/")[0], PurePosixPath(name.lower())
    if path.suffix == ".pth" or path.name.endswith(".egg-link"):
        raise FormatError("wheel_pth", f"{name} would run code at every start of Python. Remove it.")
    if top.lower().endswith(".data"):
        if name.lower().split("/")[1:2] == ["scripts"]:
            raise FormatError("wheel_scripts", f"{name} would be put among the commands of the machine. Remove it.")
        raise FormatError("wheel_data", f"{name} would be put outside of the package. Make it data of your package.")
    if path.suffix in NATIVE or re.search(r"\.so(\.\d+)*$", path.name):
        raise FormatError(
            "wheel_native", f"{name} is compiled for one machine. Only pure Python runs here; use torch for speed."
        )
    if path.suffix == ".pyc" or "__pycache__" in path.parts:
        raise FormatError(
            "wheel_bytecode", f"{name} is bytecode that nobody can read. Ship the source alone. {REBUILD}"
        )
    if top == info and path.parts[-1] in {"installer", "direct_url.json", "requested"}:
        raise FormatError("wheel_dist_info", f"{name} is what installers write, not wheels. {REBUILD}")


def read_all(archive: Archive, info: str) -> tuple[dict[str, bytes], dict[str, tuple[str, int]]]:
    """The metadata files whole, by name; and of every member its digest and size."""
    contents: dict[str, bytes] = {}
    digests: dict[str, tuple[str, int]] = {}
    for member in archive.members:
        name = member.filename
        if name.startswith(f"{info}/") and name.count("/") == 1:
            content = archive.content(member, TEXT)
            contents[name.rpartition("/")[2]] = content
            digests[name] = (b64(hashlib.sha256(content).digest()), len(content))
            continue
        seen, size = hashlib.sha256(), 0
        for piece in archive.read(member):
            seen.update(piece)
            size += len(piece)
        digests[name] = (b64(seen.digest()), size)
    return contents, digests


def b64(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def top_level(archive: Archive, info: str) -> tuple[str, ...]:
    """The first segment of each member: modules without their ending."""
    found: set[str] = set()
    for member in archive.members:
        top, slash, _ = member.filename.partition("/")
        if top == info:
            continue
        name = top if slash else top.removesuffix(".py")
        if not name.isidentifier() or (not slash and not top.endswith(".py")):
            raise FormatError(
                "undeclared_name", f"{shown(member.filename)} lies beside the package. Move it into the package."
            )
        found.add(name)
    return tuple(sorted(found))


def declared(contents: Mapping[str, bytes], metadata: Message, points: Collection[tuple[str, str]]) -> frozenset[str]:
    """Names that the wheel says it brings: in ``top_level.txt``, as ``Import-Name``, or by its entry points."""
    listed = contents.get("top_level.txt", b"").decode("utf-8", "replace").split()
    names = [str(value).partition(";")[0].strip() for value in metadata.get_all("Import-Name") or []]
    return frozenset({one.partition(".")[0] for one in (*listed, *names, *map(module_of, dict(points).values()))})


def module_of(point: str) -> str:
    return point.partition(":")[0].strip()


def check_names(tops: Collection[str], declared: frozenset[str], taken: frozenset[str]) -> None:
    for name in tops:
        if modules.shadows(name, taken):
            raise FormatError(
                "module_shadowed",
                f"The wheel brings a module called {shown(name)}, which is the name of one that is here. Rename yours.",
            )
        if name not in declared:
            raise FormatError(
                "undeclared_name",
                f"The wheel brings {shown(name)}, which no entry point and no Import-Name declares. "
                "Put it into your package, or name it in [project] import-names.",
            )


def check_points(points: Collection[tuple[str, str]], tops: Collection[str]) -> None:
    for name, value in points:
        if module_of(value).partition(".")[0] not in tops:
            raise FormatError(
                "entry_point_foreign",
                f"The entry point {shown(name)} leads to {shown(value)}, which is not in the wheel. Name your module.",
            )


def check_distribution(name: str, installed: Collection[str]) -> None:
    if modules.normal(name) in installed or modules.OURS.fullmatch(modules.normal(name).replace("-", "_")):
        raise FormatError(
            "distribution_shadowed", f"A distribution called {shown(name)} is installed here. Give yours another name."
        )


def sha256_of(stream: BinaryIO) -> str:
    stream.seek(0)
    seen = hashlib.sha256()
    while piece := stream.read(PIECE):
        seen.update(piece)
    return seen.hexdigest()


def described(  # noqa: PLR0913, PLR0917 the parts that were checked one by one
    file: str,
    size: int,
    sha256: str,
    metadata: Message,
    points: tuple[tuple[str, str], ...],
    tops: tuple[str, ...],
) -> Wheel:
    body = metadata.get_payload()
    return Wheel(
        file=file,
        name=str(metadata["Name"]),
        version=str(metadata["Version"]),
        sha256=sha256,
        size=size,
        summary=" ".join(str(metadata.get("Summary") or "").split()),
        license=" ".join(str(metadata.get("License-Expression") or "").split()),
        description=body if isinstance(body, str) else "",
        entry_points=points,
        requires=tuple(str(one) for one in metadata.get_all("Requires-Dist") or []),
        top_level=tops,
    )


__all__ = ["CAPS", "GROUP", "SUFFIX", "Caps", "Wheel", "inspect", "is_sdist", "parse_name"]
