"""The child processes of the command: the conformance kit, which imports a plugin, and pip, which installs a wheel.

pip gets wheels only after ``formats.wheels`` has inspected them; it builds nothing, fetches nothing and runs nothing
of theirs.
"""

import shutil
import subprocess  # noqa: TID251 the sandbox belongs to the engine; here a lab runs its own code on its own machine
import sys
import tempfile
from pathlib import Path

from landbridge_client.errors import LandbridgeError
from landbridge_client.formats import modules
from landbridge_client.formats.errors import FormatError
from landbridge_client.formats.wheels import Wheel, inspect

LIMIT = 600  # seconds
PIP = (
    "install", "--isolated", "--quiet", "--no-input", "--disable-pip-version-check", "--no-index", "--no-deps",
    "--only-binary", ":all:", "--require-hashes", "--no-compile", "--no-cache-dir", "--no-warn-script-location",
)  # fmt: skip


class NotInstalled(LandbridgeError):
    """pip could not install a wheel that was inspected."""

    code = "not_installed"


def plugin_check(target: Path, model: Path | None, *, as_json: bool) -> int:
    """Run ``python -m landbridge_plugins check`` on a folder or a wheel, its output passed on; its exit code."""
    if target.is_dir():
        return _check(target, model, as_json=as_json)
    if not target.is_file():
        raise LandbridgeError(f"{target} is neither a folder nor a wheel.", code="not_a_plugin")
    wheel = inspected(target)
    with tempfile.TemporaryDirectory(prefix="landbridge-check-") as made:
        folder = Path(made) / "plugin"
        install(target, wheel.sha256, folder)
        return _check(folder, model, as_json=as_json)


def inspected(place: Path) -> Wheel:
    """The wheel at ``place``, by the platform's rules. Raises ``LandbridgeError`` with the code of what it breaks."""
    name = place.name.split("-")[0]  # a plugin that its own author installed here shadows nobody
    try:
        with place.open("rb") as stream:
            return inspect(
                stream,
                place.stat().st_size,
                place.name,
                taken=modules.taken(apart_from=name, thorough=False),
                installed=modules.installed(apart_from=name),
            )
    except FormatError as error:
        raise LandbridgeError(error.message, code=error.code) from error


def install(wheel: Path, sha256: str, folder: Path) -> None:
    """Put the files of an inspected wheel into ``folder``, which must not exist. Raises ``NotInstalled``.

    Nothing is run but pip: no dependencies, no building, the bytes pinned by their hash.
    """
    with tempfile.TemporaryDirectory(prefix="landbridge-pip-") as made:
        asked = Path(made) / "requirements.txt"
        copy = Path(made) / wheel.name  # a path without characters that a requirement could not hold
        shutil.copyfile(wheel, copy)
        asked.write_text(f"{copy} --hash=sha256:{sha256}\n", encoding="utf-8")
        command = [sys.executable, "-I", "-m", "pip", *PIP, "--target", str(folder), "--requirement", str(asked)]
        environment = {"PATH": "/usr/bin:/bin", "HOME": made, "TMPDIR": made, "LANG": "C.UTF-8"}
        try:
            done = subprocess.run(  # noqa: S603 our own interpreter and words
                command, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL, capture_output=True, env=environment
            )
        except (subprocess.TimeoutExpired, OSError) as error:
            raise NotInstalled(f"pip could not install {wheel.name}: {error}") from error
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()[-600:]
        raise NotInstalled(f"pip could not install {wheel.name}: {said or 'it said nothing'}")


def _check(folder: Path, model: Path | None, *, as_json: bool) -> int:
    command = [sys.executable, "-m", "landbridge_plugins", "check", str(folder.resolve())]
    command += ["--model", str(model.resolve())] if model else []
    command += ["--json"] if as_json else []
    try:
        return subprocess.run(command, check=False, timeout=LIMIT, stdin=subprocess.DEVNULL).returncode  # noqa: S603 our own interpreter and module
    except subprocess.TimeoutExpired as error:
        raise LandbridgeError(f"The check of {folder} took longer than {LIMIT} s.", code="timeout") from error
