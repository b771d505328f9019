"""A lab's wheel on this machine: inspected, installed once by digest, read-only, and never imported here.

The folder is bound into the sandbox at ``/plugin``; no path of this process ever names it.
"""

import json
import shutil
import tempfile
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from landbridge_client.children import NotInstalled
from landbridge_client.children import install as by_pip
from landbridge_client.formats.digest import file_digest, tree_digest
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.wheels import inspect
from landbridge_evaluation.errors import ContentChanged, InfrastructureFault, LoadFault

SHELF, NOTES = "plugins", "plugins.json"
LOCK = threading.Lock()  # one installation at a time: slots share the shelf


def of(plugin: Mapping[str, Any], model: Path, cache: Path) -> Path:
    """The installed code of the wheel that a job names, which lies in its ``model`` folder."""
    wheel = (model / str(plugin["wheel"])).resolve()
    if not wheel.is_relative_to(model.resolve()) or not wheel.is_file():
        raise ContentChanged(f"The model's folder holds no {plugin['wheel']}.")
    return install(wheel, str(plugin["wheel_sha256"]), cache)


def install(wheel: Path, sha256: str, cache: Path) -> Path:
    """A folder in ``cache`` with the files of ``wheel``, whose digest is ``sha256``. Nothing of it is executed.

    Raises ``ContentChanged`` for other bytes, ``LoadFault`` for a wheel that inspection refuses (here, too: this
    machine may hold modules that the platform's does not), ``InfrastructureFault`` where pip fails.
    """
    if file_digest(wheel)[0] != sha256:
        raise ContentChanged(f"{wheel.name} is not the wheel that the job pins ({sha256[:12]}…).")
    check(wheel)
    place, note = cache / SHELF / sha256, cache / SHELF / f"{sha256}.json"
    with LOCK:
        if note.is_file() and place.is_dir() and json.loads(note.read_text())["tree"] == digest_of(place):
            return place
        remove(place)
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="incoming-", dir=place.parent) as aside:
            made = Path(aside) / "plugin"
            try:
                by_pip(wheel, sha256, made)
            except NotInstalled as error:
                raise InfrastructureFault(str(error), stage="installing_plugin") from error
            note.write_text(json.dumps({"tree": digest_of(made), "wheel": wheel.name}), encoding="utf-8")
            made.replace(place)
        read_only(place)
    return place


def check(wheel: Path) -> None:
    try:
        with wheel.open("rb") as stream:
            inspect(stream, wheel.stat().st_size, wheel.name)
    except FormatError as error:
        raise LoadFault(f"{error.message}", code=error.code, stage="installing_plugin") from error


def digest_of(folder: Path) -> str:
    """The tree digest of what was installed. Links do not count as files, and wheels with links are refused."""
    files = sorted(one for one in folder.rglob("*") if one.is_file() and not one.is_symlink())
    return tree_digest((one.relative_to(folder).as_posix(), *file_digest(one)) for one in files)


def read_only(folder: Path) -> None:
    for one in [folder, *folder.rglob("*")]:
        one.chmod(0o555 if one.is_dir() else 0o444)


def remove(folder: Path) -> None:
    """Also what is read-only."""
    if folder.is_dir():
        for one in [folder, *folder.rglob("*")]:
            if one.is_dir():
                one.chmod(0o755)
        shutil.rmtree(folder)
