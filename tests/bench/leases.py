"""How long a lease takes before ten thousand queued rows while two hundred workers beat, on PostgreSQL.

One gunicorn process, as in production; the workers share its machine. The tail is what counts: the 95th percentile.
"""

import sys
import tempfile
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.bench.rows import Row
from tests.bench.throughput import measured
from tests.faults.servers import database

LIMIT_S = 0.05
ROWS, WORKERS = 10_000, 200


def run() -> list[Row]:
    try:
        with tempfile.TemporaryDirectory() as home, database() as url:
            found = measured(Path(home), url, "tests.bench.crowd", ROWS, WORKERS)
    except pytest.skip.Exception as why:
        sys.stderr.write(f"leases: {why}\n")
        return []
    rows = []
    for what in ("leases", "beats"):
        tail = quantiles(found[what], n=20)[-1]
        said = f"{tail * 1000:.0f} ms (median {median(found[what]) * 1000:.0f})"
        name = f"95th percentile of {what}, {ROWS} queued rows, {WORKERS} workers, one process, PostgreSQL"
        rows.append(Row(name, said, f"limit {LIMIT_S * 1000:.0f} ms", LIMIT_S / tail, 1.0))
    return rows
