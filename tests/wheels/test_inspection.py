"""Wheels are judged before anyone installs them: malicious ones are refused, each for its reason; good ones pass."""

import io
import os
import subprocess  # noqa: TID251 the packing tools are what is tested
import sys
import tracemalloc
import zipfile  # noqa: TID251 tests pack what is then inspected
from pathlib import Path

import pytest

from landbridge_client.formats import modules
from landbridge_client.formats.archives import Archive, Caps
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.wheels import Wheel, inspect
from tests.wheels.making import (
    INFO,
    METADATA,
    MODULE,
    WHEEL,
    Made,
    flagged,
    link,
    record_of,
    renamed,
    with_entry,
    with_member,
)


def look(made: Made) -> Wheel:
    packed = made.packed()
    return inspect(io.BytesIO(packed), len(packed), made.file)


def changed(name: str, content: str) -> Made:
    return with_member(f"{INFO}/{name}", content.encode())


def duplicate() -> Made:
    made = with_entry(f"{MODULE}/extra.py")
    made.entries.append((zipfile.ZipInfo(f"{MODULE}/extrb.py"), b"y"))
    made.after = renamed(b"extrb.py", b"extra.py")
    return made


def tampered() -> Made:
    made = Made()
    made.record = record_of(made.members)
    made.members[f"{MODULE}/__init__.py"] = b"import os  # changed after it was signed\n"
    return made


def bomb() -> Made:
    return with_member(f"{MODULE}/zeros.dat", bytes(40 << 20))


MALICIOUS: dict[str, tuple[Made, str]] = {
    "a path that climbs": (
        Made(members={**Made().members, f"{MODULE}/aa/b.py": b""}, after=renamed(b"/aa/b.py", b"/../b.py")),
        "archive_path",
    ),
    "an absolute path": (with_entry("/etc/cron.d/x"), "archive_path"),
    "a backslash": (with_entry(f"{MODULE}\\..\\x.py"), "archive_path"),
    "a link": (link(), "archive_link"),
    "a device": (with_entry(f"{MODULE}/dev", mode=0o020666), "archive_special"),
    "a member twice": (duplicate(), "archive_duplicate"),
    "names that differ in case": (with_member(f"{MODULE}/__INIT__.py"), "archive_case"),
    "a file where a folder is": (with_entry(f"{MODULE}"), "archive_path"),
    "an encrypted member": (Made(after=flagged), "archive_encrypted"),
    "a bomb": (bomb(), "archive_ratio"),
    "too many files": (
        Made(members={**Made().members, **{f"{MODULE}/f{n}.py": b"" for n in range(5_001)}}),
        "archive_too_many_files",
    ),
    "bytes before the archive": (Made(after=lambda packed: b"#!/bin/sh\n" + packed), "archive_damaged"),
    "bytes after the archive": (Made(after=lambda packed: packed + b"MZ"), "archive_damaged"),
    "half of an archive": (Made(after=lambda packed: packed[: len(packed) // 2]), "archive_damaged"),
    "code at every start": (with_member("lumen.pth", b"import os; os.system('true')\n"), "wheel_pth"),
    "code at every start, nested": (with_member(f"{MODULE}/a.PTH"), "wheel_pth"),
    "a command": (with_member(f"{MODULE}-0.1.0.data/scripts/ls"), "wheel_scripts"),
    "files for elsewhere": (with_member(f"{MODULE}-0.1.0.data/data/etc/x"), "wheel_data"),
    "compiled code": (with_member(f"{MODULE}/fast.cpython-311-x86_64-linux-gnu.so"), "wheel_native"),
    "bytecode": (with_member(f"{MODULE}/__pycache__/a.cpython-311.pyc"), "wheel_bytecode"),
    "another's module": (with_member("torch/__init__.py"), "module_shadowed"),
    "a module of the standard library": (with_member("json.py"), "module_shadowed"),
    "our own module": (with_member("landbridge_evaluation/__init__.py"), "module_shadowed"),
    "a module that starts with Python": (with_member("sitecustomize.py"), "module_shadowed"),
    "a module that nothing declares": (with_member("hidden_helper/__init__.py"), "undeclared_name"),
    "a file beside the package": (with_member("run.sh"), "undeclared_name"),
    "a member that RECORD lacks": (Made(record=b""), "record_invalid"),
    "a member that was changed": (tampered(), "record_mismatch"),
    "another version in METADATA": (
        changed("METADATA", METADATA.replace("Version: 0.1.0", "Version: 9.9")),
        "wheel_name_mismatch",
    ),
    "another name in METADATA": (
        changed("METADATA", METADATA.replace("Name: lumen-counts", "Name: torch")),
        "wheel_name_mismatch",
    ),
    "no plugin in it": (changed("entry_points.txt", "[console_scripts]\nx = lumen_counts:x\n"), "no_entry_point"),
    "a plugin that is somebody else's": (changed("entry_points.txt", "[landbridge]\nx = os\n"), "entry_point_foreign"),
    "a platform's tag": (Made(file="lumen_counts-0.1.0-cp311-cp311-linux_x86_64.whl"), "wheel_tag"),
    "another tag inside": (changed("WHEEL", WHEEL.replace("true", "false")), "wheel_tag"),
    "a source distribution": (Made(file="lumen_counts-0.1.0.tar.gz"), "sdist_refused"),
    "a second dist-info": (with_member("torch-2.13.0.dist-info/METADATA"), "wheel_dist_info"),
}


@pytest.mark.parametrize("what", MALICIOUS)
def test_each_malicious_wheel_is_refused_for_its_own_reason(what: str) -> None:
    made, code = MALICIOUS[what]
    with pytest.raises(FormatError) as refused:
        look(made)
    assert refused.value.code == code
    assert len(refused.value.message) > 40 and refused.value.message.isprintable(), "says what to do about it"


def test_a_member_that_record_does_not_list_is_refused() -> None:
    made = Made()
    good = made.members.copy()
    made.members[f"{MODULE}/late.py"] = b"x = 1\n"
    made.record = record_of(good)
    with pytest.raises(FormatError) as refused:
        look(made)
    assert refused.value.code == "record_unlisted"
    made.members, made.record = good, record_of({**good, f"{MODULE}/gone.py": b""})
    with pytest.raises(FormatError) as refused:
        look(made)
    assert refused.value.code == "record_missing_file"


def test_an_honest_wheel_passes_and_says_what_it_is() -> None:
    wheel = look(Made())
    assert (wheel.name, wheel.version, wheel.license) == ("lumen-counts", "0.1.0", "Apache-2.0")
    assert wheel.entry_points == ((MODULE, MODULE),) and wheel.top_level == (MODULE,)
    assert len(wheel.sha256) == 64


def test_names_that_are_declared_otherwise_pass_too() -> None:
    declared = with_member("lumen_tools/__init__.py")
    declared.members[f"{INFO}/top_level.txt"] = b"lumen_counts\nlumen_tools\n"
    assert look(declared).top_level == (MODULE, "lumen_tools")


def test_a_bomb_ends_while_it_is_read() -> None:
    """400 MB of zeros pack to 0.4 MB: nothing near that is ever held, and reading stops at the ratio."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as member:
        for _ in range(400):
            member.write(bytes(1 << 20))
    archive_ = Archive(out, len(out.getvalue()))
    tracemalloc.start()
    with pytest.raises(FormatError) as refused:
        for _ in archive_.read(archive_.members[0]):
            pass
    assert refused.value.code == "archive_ratio"
    assert archive_.unpacked < 45 << 20 and tracemalloc.get_traced_memory()[1] < 8 << 20
    tracemalloc.stop()


def test_what_is_too_large_is_refused_by_its_directory() -> None:
    packed = with_member(f"{MODULE}/noise.dat", os.urandom(1 << 20)).packed()
    with pytest.raises(FormatError) as refused:
        Archive(io.BytesIO(packed), len(packed), Caps(unpacked=1 << 20))
    assert refused.value.code == "archive_too_large"


def test_no_byte_of_an_archive_can_be_changed_unseen() -> None:
    packed = Made().packed()
    good, names, here = look(Made()), modules.taken(), modules.installed()
    for place in range(0, len(packed), 7):
        bad = bytearray(packed)
        bad[place] ^= 0x41
        try:
            seen = inspect(io.BytesIO(bytes(bad)), len(bad), Made().file, taken=names, installed=here)
        except FormatError:
            continue
        assert (seen.top_level, seen.entry_points) == (good.top_level, good.entry_points)


def test_what_is_installed_here_is_taken() -> None:
    names = modules.taken()
    assert {"pytest", "json", "landbridge_client", "django", "torch"} <= {*names, "landbridge_client"}
    assert modules.shadows("LANDBRIDGE_plugins", frozenset())
    assert "landbridge" in modules.installed()


@pytest.mark.parametrize("backend", ["hatchling", "setuptools"])
def test_wheels_of_packing_tools_pass(backend: str, tmp_path: Path) -> None:
    pytest.importorskip("build")
    pytest.importorskip(backend)
    build = "hatchling.build" if backend == "hatchling" else "setuptools.build_meta"
    (tmp_path / MODULE).mkdir()
    (tmp_path / MODULE / "__init__.py").write_text("MARK = 1\n")
    (tmp_path / "pyproject.toml").write_text(
        f'[build-system]\nrequires = ["{backend}"]\nbuild-backend = "{build}"\n'
        f'[project]\nname = "lumen-counts"\nversion = "0.1.0"\nlicense = "MIT"\n'
        f'[project.entry-points.landbridge]\n{MODULE} = "{MODULE}"\n'
        f'[tool.setuptools]\npackages = ["{MODULE}"]\n'
    )
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", str(tmp_path)]
    subprocess.run(command, check=True, capture_output=True)  # noqa: S603 our own words
    (place,) = (tmp_path / "dist").glob("*.whl")
    with place.open("rb") as stream:
        wheel = inspect(stream, place.stat().st_size, place.name)
    assert (wheel.name, wheel.license, wheel.top_level) == ("lumen-counts", "MIT", (MODULE,))
