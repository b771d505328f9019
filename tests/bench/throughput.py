"""How many short jobs one platform process brings from the queue to a signed result per second, on PostgreSQL.

The process is gunicorn with one worker, as in production; the workers only speak the protocol and share its machine.
"""

import json
import os
import subprocess  # noqa: TID251 the platform and its workers are processes
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.bench.rows import Row
from tests.faults.servers import database, free_port
from tests.stack import ROOT, environment_of

LEAST = 20.0  # jobs a second
JOBS, THREADS = 400, 8


def run() -> list[Row]:
    try:
        with tempfile.TemporaryDirectory() as home, database() as url:
            found = measured(Path(home), url, "tests.bench.speakers", JOBS, THREADS)
    except pytest.skip.Exception as why:
        sys.stderr.write(f"throughput: {why}\n")
        return []
    rate = found["jobs"] / found["seconds"]
    what = f"{found['jobs']} short jobs through one platform process, PostgreSQL, {THREADS} workers"
    return [Row(what, f"{rate:.0f} jobs/s", f"least {LEAST:.0f} jobs/s", rate / LEAST, 1.0)]


def measured(home: Path, url: str, workers: str, *numbers: int) -> dict[str, Any]:
    """What the workers (a module that runs beside the platform's one process) print at their end."""
    port = free_port()
    site = f"http://127.0.0.1:{port}"
    environment = environment_of(home, DATABASE_URL=url, SITE_URL=site, DJANGO_SETTINGS_MODULE="landbridge.settings")
    environment["PYTHONPATH"] = os.pathsep.join([environment["PYTHONPATH"], str(ROOT)])
    subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True, timeout=300)
    with platform(port, environment, home / "web.log"):
        wait_for(f"{site}/livez")
        command = [sys.executable, "-m", workers, site, *map(str, numbers)]
        done = subprocess.run(  # noqa: S603 our own words
            command, cwd=ROOT, env=environment, check=True, timeout=300, capture_output=True, text=True
        )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def platform(port: int, environment: Mapping[str, str], log: Path) -> Iterator[None]:
    """One process that serves, until the block ends."""
    with log.open("w") as out:
        process = subprocess.Popen(  # noqa: S603 our own words
            [
                *(sys.executable, "-m", "gunicorn", "landbridge.wsgi:application", "--bind", f"127.0.0.1:{port}"),
                *("--workers", "1", "--worker-class", "gthread", "--threads", "16", "--no-control-socket"),
            ],
            cwd=ROOT,
            env=dict(environment),
            stdout=out,
            stderr=out,
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=30)


def wait_for(url: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        try:
            if httpx2.get(url, timeout=2).is_success:
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.1)  # noqa: TID251 another process starts
    raise TimeoutError(f"{url} does not answer")
