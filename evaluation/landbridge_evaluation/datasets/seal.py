"""Writing a dataset in its sealed form: what a dataset repository holds, and what a worker downloads."""

import json
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from landbridge_benchmarks.sources import Source, UnknownSource, open_source
from landbridge_evaluation.datasets.files import open_file
from landbridge_evaluation.datasets.sealed import MANIFEST, SealedDataset, digest_of
from landbridge_evaluation.errors import TaskFault
from landbridge_plugins import TaskSpec


def seal(wanted: TaskSpec | str, out: Path, *, config: str | None = None, base: Path | None = None) -> SealedDataset:
    """Write the rows behind a task, or a dataset reference, to the folder ``out``.

    ``base`` is what ``file:`` references are relative to. Raises ``TaskFault`` where there is no such dataset.
    """
    if isinstance(wanted, TaskSpec):
        ref, config, targets = wanted.dataset.ref, wanted.dataset.config, hidden_columns(wanted)
        split = wanted.dataset.split
    else:
        ref, targets, split = wanted, frozenset(), "test"
    try:
        if ref.startswith("file:"):
            source = open_file(ref, base or Path.cwd(), split, targets)
        else:
            source = open_source(ref, config)
        return write(source, out, frozenset(source.label_columns) | targets)
    except UnknownSource as error:
        raise TaskFault(str(error), code="unknown_dataset") from error


def hidden_columns(task: TaskSpec) -> frozenset[str]:
    """What a task's model must not see, unless the prompt's visible fields show it."""
    grouping = {group.column for group in task.groups} | ({task.cluster_by} if task.cluster_by else set())
    return frozenset(task.target_columns) | grouping


def write(source: Source, out: Path, labels: Collection[str]) -> SealedDataset:
    for part in ("data", "labels"):
        (out / part).mkdir(parents=True, exist_ok=True)
    counts = {split: write_split(rows(), out, split, labels) for split, rows in source.splits.items()}
    (out / "README.md").write_text(card(source, tuple(counts)), encoding="utf-8")
    features = {name: dict(feature) for name, feature in source.features.items()}
    sealed = SealedDataset(
        path=out,
        ref=source.ref,
        config=source.config,
        digest=digest_of(out, "data", tuple(counts), features),
        labels_digest=digest_of(out, "labels", tuple(counts), {}),
        counts=counts,
        license=source.license,
        commercial=source.commercial,
        title=source.title,
        features=features,
        label_columns=tuple(sorted(labels)),
    )
    text = json.dumps(sealed.to_json(), ensure_ascii=False, indent=1) + "\n"
    (out / MANIFEST).write_text(text, encoding="utf-8")
    return sealed


def write_split(rows: Iterable[Mapping[str, Any]], out: Path, split: str, labels: Collection[str]) -> int:
    count = 0
    paths = (out / "data" / f"{split}.jsonl", out / "labels" / f"{split}.jsonl")
    with paths[0].open("w", encoding="utf-8") as inputs, paths[1].open("w", encoding="utf-8") as hidden:
        for row in rows:
            inputs.write(line({name: value for name, value in row.items() if name not in labels}))
            hidden.write(line({name: value for name, value in row.items() if name in labels}))
            count += 1
    return count


def line(row: Mapping[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def card(source: Source, splits: Collection[str]) -> str:
    """The source's card, its front matter naming the sealed files as the Hub's configurations do."""
    head, body = "", source.readme
    if source.readme.startswith("---\n"):
        head, _, body = source.readme[4:].partition("\n---")
    front = yaml.safe_load(head) or {}
    front.setdefault("license", source.license.lower())
    front.pop("dataset_info", None)  # it speaks of the columns before inputs and labels were parted
    front["configs"] = [
        {
            "config_name": name,
            "data_files": [{"split": split, "path": f"{part}/{split}.jsonl"} for split in splits],
            "default": part == "data",
        }
        for name, part in (("default", "data"), ("labels", "labels"))
    ]
    return "---\n" + yaml.safe_dump(front, sort_keys=False, allow_unicode=True) + "---" + body
