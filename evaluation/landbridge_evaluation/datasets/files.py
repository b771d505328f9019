"""``file:PATH`` datasets: for ``run`` only, a path relative to the task file."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from landbridge_benchmarks.sources import Source
from landbridge_benchmarks.sources.local import read
from landbridge_evaluation.errors import TaskFault

ENDINGS = (".jsonl", ".json", ".csv", ".parquet")


def open_file(ref: str, base: Path, split: str, labels: Collection[str]) -> Source:
    """A file is one split, the task's own; a folder holds a file per split, named for it."""
    path = (base / ref.partition(":")[2]).resolve()
    if path.is_dir():
        files = {one.stem: one for one in sorted(path.iterdir()) if one.suffix in ENDINGS}
    else:
        files = {split: path} if path.is_file() and path.suffix in ENDINGS else {}
    if not files:
        raise TaskFault(f"{ref}: there is no {', '.join(ENDINGS)} file at {path}.", code="unknown_dataset")
    columns = list(first_row(next(iter(files.values()))))
    return Source(
        ref=ref,
        config="default",
        title=path.stem,
        license="LicenseRef-unknown",
        commercial=False,
        languages=(),
        splits={name: partial(rows, one) for name, one in files.items()},
        features={name: {"_type": "Value", "dtype": "json"} for name in columns},
        label_columns=tuple(name for name in columns if name in labels),
        readme=f"---\npretty_name: {path.stem}\nlicense: unknown\n---\n",
    )


def rows(path: Path) -> Iterator[dict[str, Any]]:
    return (dict(row) for row in read(path))


def first_row(path: Path) -> Mapping[str, Any]:
    return next(rows(path), {})
