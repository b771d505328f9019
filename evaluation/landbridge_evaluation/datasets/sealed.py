"""Reading a sealed dataset, and its digests."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from landbridge_client.formats.canonical import canonical_json
from landbridge_client.formats.digest import file_digest
from landbridge_evaluation.errors import ContentChanged, TaskFault

MANIFEST = "landbridge.dataset.json"
SCHEMA = "landbridge.dataset/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedDataset:
    """A folder: ``data/SPLIT.jsonl`` (inputs), ``labels/SPLIT.jsonl`` (what a model must not see, row by row)."""

    path: Path
    ref: str
    config: str
    digest: str
    labels_digest: str
    counts: Mapping[str, int]
    license: str
    commercial: bool
    title: str = ""
    features: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    label_columns: tuple[str, ...] = ()

    def rows(self, split: str) -> Iterator[dict[str, Any]]:
        """Whole rows: the inputs joined with their labels. For the supervisor only."""
        if split not in self.counts:
            known = ", ".join(self.counts)
            raise TaskFault(f'{self.ref} has no split "{split}". There are: {known}.', code="unknown_split")
        inputs, labels = lines(self.path / "data", split), lines(self.path / "labels", split)
        for one, other in zip(inputs, labels, strict=True):
            yield {**one, **other}

    def verify(self) -> None:
        """Raises ``ContentChanged`` where a file is not what the digests say."""
        found = digest_of(self.path, "data", tuple(self.counts), self.features)
        labels = digest_of(self.path, "labels", tuple(self.counts), {})
        for name, wanted, got in (("digest", self.digest, found), ("labels_digest", self.labels_digest, labels)):
            if wanted != got:
                raise ContentChanged(f"{self.ref}: {name} should be {wanted}, the files give {got}.")

    def names(self, column: str) -> tuple[str, ...]:
        """The class names that a column's feature declares; none where it declares none."""
        feature = self.features.get(column, {})
        if feature.get("_type") in ("List", "Sequence", "LargeList"):
            feature = feature.get("feature", {})
        return tuple(feature.get("names", ())) if feature.get("_type") == "ClassLabel" else ()

    def to_json(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "ref": self.ref,
            "config": self.config,
            "title": self.title,
            "counts": dict(self.counts),
            "digest": self.digest,
            "labels_digest": self.labels_digest,
            "features": {name: dict(feature) for name, feature in self.features.items()},
            "label_columns": list(self.label_columns),
            "license": self.license,
            "commercial": self.commercial,
        }


def open_sealed(path: Path) -> SealedDataset:
    """The dataset in ``path``. Raises ``TaskFault`` where the folder holds none."""
    try:
        value = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TaskFault(f"{path.name} holds no sealed dataset: {error}.", code="not_a_dataset") from error
    if value.get("schema") != SCHEMA:
        raise TaskFault(f'{path.name}/{MANIFEST} has not the schema "{SCHEMA}".', code="not_a_dataset")
    return SealedDataset(
        path=path,
        ref=value["ref"],
        config=value.get("config", "default"),
        digest=value["digest"],
        labels_digest=value["labels_digest"],
        counts=value["counts"],
        license=value["license"],
        commercial=value["commercial"],
        title=value.get("title", ""),
        features=value["features"],
        label_columns=tuple(value.get("label_columns", ())),
    )


def lines(folder: Path, split: str) -> Iterator[dict[str, Any]]:
    """The rows of one file, JSON lines or Parquet."""
    plain = folder / f"{split}.jsonl"
    if plain.is_file():
        with plain.open(encoding="utf-8") as file:
            yield from (json.loads(line) for line in file)
        return
    import pyarrow.parquet

    for batch in pyarrow.parquet.ParquetFile(folder / f"{split}.parquet").iter_batches(batch_size=1024):
        yield from batch.to_pylist()


def digest_of(path: Path, part: str, splits: Sequence[str], features: Mapping[str, Any]) -> str:
    """SHA-256 of canonical JSON ``{files: sorted [path, sha256, size], features}`` of a folder's part."""
    names = [f"{part}/{stored(path / part, split)}" for split in splits]
    files = [[name, *file_digest(path / name)] for name in names]
    value = {"files": sorted(files), "features": {name: dict(one) for name, one in features.items()}}
    return hashlib.sha256(canonical_json(value)).hexdigest()


def stored(folder: Path, split: str) -> str:
    for name in (f"{split}.jsonl", f"{split}.parquet"):
        if (folder / name).is_file():
            return name
    raise ContentChanged(f"{folder.parent.name} lacks {folder.name}/{split}.jsonl.")
