"""From nothing to a board: ``manage.py up --exit-after-demo`` in a fresh folder, against its limit of 120 s."""

import subprocess  # noqa: TID251 the command line is what is measured
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.rows import Row
from tests.stack import ROOT, environment_of

LIMIT_S = 120.0


def run() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "manage.py", "up", "--port", "0", "--exit-after-demo", "--json"],
            cwd=ROOT,
            env=environment_of(Path(folder)),
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        took = time.perf_counter() - started
    what = "first start, demo evaluated and ranked"
    return [Row(what, f"{took:.0f} s", f"limit {LIMIT_S:.0f} s", LIMIT_S / took, 1.0)]
