"""``make bench``: ratios against a peer or a limit, interleaved, medians, in one run. Results: docs/benchmarks.md.

Each bench answers rows (what, ours, the other, ratio, must). A ratio that misses its bar ends the run with status 1.
"""

import datetime as dt
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), *(str(ROOT / shelf) for shelf in ("platform", "registry", "plugins", "evaluation"))]

from tests.bench import comparisons, encoders, first_run, latency, leases, throughput, transfer  # noqa: E402 the shelves go on the path first
from tests.bench.rows import Row  # noqa: E402

BENCHES: dict[str, Callable[[], list[Row]]] = {
    "encoders": encoders.run,
    "comparisons": comparisons.run,
    "transfer": transfer.run,
    "first_run": first_run.run,
    "throughput": throughput.run,
    "leases": leases.run,
    "latency": latency.run,
}
PAGE = ROOT / "docs" / "benchmarks.md"


def main(names: list[str]) -> int:
    rows = []
    for name in names or list(BENCHES):
        for row in BENCHES[name]():
            rows.append(row)
            sys.stdout.write(f"{row}\n")
            sys.stdout.flush()
    if not names:
        write(rows)
    return 0 if all(row.holds for row in rows) else 1


def write(rows: list[Row]) -> None:
    """Put this run on top of the page; earlier runs stay below."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    today = dt.datetime.now(dt.UTC).date().isoformat()
    head = "# Benchmarks\n\nMade by `make bench`; medians of interleaved runs. Newest first.\n"
    table = "\n".join(["| what | ours | compared with | ratio | bar | |", "|---|---|---|---|---|---|", *map(str, rows)])
    earlier = PAGE.read_text().removeprefix(head) if PAGE.exists() else ""
    PAGE.write_text(f"{head}\n## {today}: {machine}\n\n{table}\n{earlier}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
