"""Folders in the Hugging Face form under ``LANDBRIDGE_DATA``: a card with configurations, and JSONL, CSV or Parquet."""

import base64
import csv
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from landbridge_benchmarks.config import data_folder
from landbridge_benchmarks.sources.base import Row, Source, UnknownSource, class_label

MEDIA = ("image", "audio")
NUMBERS: Mapping[str, type[int] | type[float]] = {"int64": int, "int32": int, "float64": float, "float32": float}
INPUTS = frozenset({
    "text", "tokens", "sentence", "sentence1", "sentence2", "premise", "hypothesis", "question", "context", "image",
    "audio", "passage", "source", "title", "document", "dialogue", "choices",
})  # fmt: skip  # what a model may see; every other column is kept apart with the labels


def open_local(name: str, config: str) -> Source:
    folder = folder_of(name)
    text = (folder / "README.md").read_text(encoding="utf-8")
    front: dict[str, Any] = yaml.safe_load(text.split("---")[1]) if text.startswith("---") else {}
    chosen = pick(front.get("configs") or [], config, name)
    features = features_of(front.get("dataset_info"), chosen["config_name"])
    known = index_of(folder.parent).get(name, {})
    splits = {item["split"]: partial(rows, folder, item["path"], features) for item in chosen["data_files"]}
    return Source(
        ref=f"local:{name}",
        config=chosen["config_name"],
        title=str(known.get("title") or front.get("pretty_name") or name),
        license=spdx(str(known.get("license") or front.get("license") or "unknown")),
        commercial=str(known.get("commercial_use", "no")).startswith("yes"),
        languages=tuple(front.get("language") or ()),
        splits=splits,
        features={column: feature.declared for column, feature in features.items()},
        label_columns=tuple(column for column in features if column not in INPUTS),
        readme=text,
    )


def folder_of(name: str) -> Path:
    root = data_folder()
    if root is None:
        raise UnknownSource(f"local:{name} needs LANDBRIDGE_DATA to name the folder that holds {name}/.")
    known = sorted(path.parent.name for path in root.glob("*/README.md"))
    if name not in known:
        raise UnknownSource(f"LANDBRIDGE_DATA holds no dataset {name!r}. There are: {', '.join(known)}.")
    return root / name


def index_of(root: Path) -> Mapping[str, Mapping[str, Any]]:
    path = root / "INDEX.json"
    index: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return index


def pick(configs: list[dict[str, Any]], config: str, name: str) -> dict[str, Any]:
    """The configuration asked for, or the card's own default."""
    by_name = {item["config_name"]: item for item in configs}
    defaults = [item for item in configs if item.get("default")] or configs[:1]
    if config == "default" and "default" not in by_name and defaults:
        return defaults[0]
    if config not in by_name:
        raise UnknownSource(f"local:{name} has no configuration {config!r}. There are: {', '.join(by_name)}.")
    return by_name[config]


@dataclass(frozen=True, slots=True)
class Feature:
    """A column: how it is declared, and how its stored value becomes a JSON-able one."""

    declared: Mapping[str, Any]
    names: tuple[str, ...] = ()
    media: bool = False

    def read(self, value: Any) -> Any:  # noqa: ANN401 a dataset's value may be anything
        if self.names and isinstance(value, list):
            return [self.read(item) for item in value]
        if self.names and not (isinstance(value, str) and value in self.names):
            return self.names[int(value)]
        if self.media and value is not None:
            return base64.b64encode(value["bytes"]).decode("ascii")
        if isinstance(value, str) and self.declared.get("dtype") in NUMBERS:  # CSV has no numbers
            return NUMBERS[self.declared["dtype"]](value)
        return value


def features_of(infos: object, config: str) -> dict[str, Feature]:
    """The features that the card declares for ``config``, in its order."""
    listed = infos if isinstance(infos, list) else [infos]
    for info in listed:
        if isinstance(info, dict) and info.get("config_name", "default") == config:
            return {item["name"]: feature_of(item) for item in info.get("features", ())}
    raise UnknownSource(f"The card declares no features (dataset_info) for the configuration {config!r}.")


def feature_of(item: Mapping[str, Any]) -> Feature:
    listed = item.get("list", item.get("sequence"))
    kind = item.get("dtype", item.get("struct")) if listed is None else listed
    if isinstance(kind, dict) and "dtype" in kind:
        kind = kind["dtype"]
    if kind in MEDIA:
        return Feature({"_type": str(kind).capitalize(), "encoding": "base64"}, media=True)
    names: tuple[str, ...] = ()
    if isinstance(kind, dict) and "class_label" in kind:
        numbered = kind["class_label"]["names"]
        names = tuple(numbered[key] for key in sorted(numbered, key=int))
    dtype = kind if isinstance(kind, str) else "struct"
    declared = class_label(names) if names else {"_type": "Value", "dtype": dtype}
    return Feature({"_type": "List", "feature": declared} if listed is not None else declared, names)


def rows(folder: Path, pattern: str, features: Mapping[str, Feature]) -> Iterator[Row]:
    paths = sorted(folder.glob(pattern))
    if not paths:
        raise UnknownSource(f"{folder.name}: its card names {pattern}, which is not there.")
    for path in paths:
        for row in read(path):
            yield {column: feature.read(row.get(column)) for column, feature in features.items()}


def read(path: Path) -> Iterable[Mapping[str, Any]]:
    if path.suffix == ".parquet":
        import pyarrow.parquet

        for batch in pyarrow.parquet.ParquetFile(path).iter_batches(batch_size=256):
            yield from batch.to_pylist()
    elif path.suffix in (".jsonl", ".json"):
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())
    elif path.suffix == ".csv":
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        raise UnknownSource(f"{path.name}: rows are read from .jsonl, .csv or .parquet.")


def spdx(name: str) -> str:
    """A card's license in SPDX's own spelling: cards write identifiers in lower case."""
    if name.lower().startswith("cc"):
        return name.upper()
    known = {"mit": "MIT", "apache-2.0": "Apache-2.0"}
    return known.get(name.lower(), f"LicenseRef-{name}")
