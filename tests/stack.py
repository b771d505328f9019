"""A whole instance of its own for tests that walk the main job: ``manage.py up`` on a free port, ended by its id."""

import json
import os
import signal
import subprocess  # noqa: TID251 the command line is what is tested
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SHELVES = ("platform", "registry", "plugins", "evaluation")
NOT_HANDED_ON = ("DATABASE_URL", "BROKER_URL", "PYTEST_VERSION", "PYTEST_CURRENT_TEST", "LANDBRIDGE_DATA", "SITE_URL")


@dataclass
class Stack:
    """A running instance."""

    url: str
    home: Path
    process: "subprocess.Popen[str]"
    python: str
    environment: Mapping[str, str]
    ready: Mapping[str, Any]  # what up printed

    def manage(self, *arguments: str) -> Any:  # noqa: ANN401 JSON
        """What a management command prints with ``--json``."""
        return json.loads(self.run("manage.py", *arguments, "--json").stdout)

    def account(self, name: str, **options: str) -> dict[str, str]:
        flags = [part for key, value in options.items() for part in (f"--{key}", value)]
        made: dict[str, str] = self.manage("create_account", name, *flags)
        return made

    def landbridge(self, *arguments: str, token: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """The ``landbridge`` command, as a user runs it."""
        return self.run(
            "-m", "landbridge_client", *arguments, check=check, LANDBRIDGE_ENDPOINT=self.url, LANDBRIDGE_TOKEN=token
        )

    def run(self, *arguments: str, check: bool = True, **environment: str) -> "subprocess.CompletedProcess[str]":
        done = subprocess.run(  # noqa: S603 our own words
            [self.python, *arguments],
            cwd=ROOT,
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert not check or done.returncode == 0, (
            f"{arguments} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
        )
        return done

    def log(self, name: str) -> str:
        return (self.home / "log" / f"{name}.log").read_text(errors="replace")


def environment_of(home: Path, **extra: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in NOT_HANDED_ON}  # noqa: TID251 handed on
    shelves = os.pathsep.join(str(ROOT / shelf) for shelf in SHELVES)
    return {**kept, "PYTHONPATH": shelves, "LANDBRIDGE_HOME": str(home), "LANDBRIDGE_RATE_SCALE": "100", **extra}


@contextmanager
def running(home: Path, *options: str, python: str = sys.executable, **extra: str) -> Iterator[Stack]:
    """``manage.py up OPTIONS`` until the block ends."""
    environment = environment_of(home, **extra)
    home.mkdir(parents=True, exist_ok=True)
    with (home / "up.log").open("w") as log:
        process = subprocess.Popen(  # noqa: S603 our own words
            [python, "manage.py", "up", "--port", "0", "--json", *options],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert line, f"up did not start:\n{(home / 'up.log').read_text()}"
            ready = json.loads(line)
            yield Stack(ready["url"], home, process, python, environment, ready)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=30)  # also closes the pipe


def built_model(folder: Path, name: str) -> Path:
    """One of the demo's models, trained now into ``folder``."""
    command = [sys.executable, "-m", "landbridge_baselines", "build", str(folder), "--only", name]
    subprocess.run(command, cwd=ROOT, env=environment_of(folder), check=True, timeout=300, stdout=subprocess.DEVNULL)  # noqa: S603 our own words
    return folder / name


def python_with(distribution: Path, folder: Path) -> str:
    """An interpreter in which ``distribution`` (a folder of modules and ``*.dist-info``) is installed beside ours."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)  # noqa: S603 our own words
    (site,) = (folder / "lib").glob("python*/site-packages")
    ours = [path for path in sys.path if path.endswith("site-packages")]
    (site / "beside.pth").write_text("\n".join([*ours, *(str(ROOT / shelf) for shelf in SHELVES)]) + "\n")
    for item in distribution.iterdir():
        item.rename(site / item.name)
    return str(folder / "bin" / "python")
