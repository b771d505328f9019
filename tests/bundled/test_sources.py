"""The rows that come with our dependencies, and the folders of the data folder."""

import base64
import json
import os
from collections import Counter
from pathlib import Path

import pytest

from landbridge_benchmarks.sources import Source, UnknownSource, at_hand, open_source
from landbridge_benchmarks.sources.catalogs import LANGUAGES

BUNDLED = [
    ("bundled:digits", "default", ("image", "label")),
    ("bundled:django_catalogs", "langid", ("message",)),
    ("bundled:django_catalogs", "en-zh", ("source",)),
    ("bundled:django_catalogs", "bitext-de", ("source",)),
    ("bundled:pydoc_topics", "default", ("topic",)),
]
LOCAL = {
    "banking77": {"train": 3000, "validation": 770, "test": 1540},
    "financial_phrasebank": {"train": 2800, "validation": 300, "test": 1000},
    "wnut17": {"train": 2900, "validation": 700, "test": 850},
    "stsb_captions": {"train": 1000, "validation": 375, "test": 375},
    "fashion_mnist_mini": {"train": 500, "validation": 50, "test": 200},
    "fsdd": {"train": 600, "validation": 120, "test": 300},
}
needs_data = pytest.mark.skipif(
    not os.environ.get("LANDBRIDGE_DATA"),  # noqa: TID251 tests find the data as users do
    reason="LANDBRIDGE_DATA names no folder of datasets",
)


def rows_of(source: Source) -> dict[str, list[dict[str, object]]]:
    return {split: list(rows()) for split, rows in source.splits.items()}


@pytest.mark.parametrize(("ref", "config", "key"), BUNDLED)
def test_no_row_stands_in_two_splits(ref: str, config: str, key: tuple[str, ...]) -> None:
    rows = rows_of(open_source(ref, config))
    seen = {split: {json.dumps([row[name] for name in key]) for row in rows[split]} for split in rows}
    assert all(seen.values())
    assert not seen["test"] & (seen["train"] | seen["validation"])
    assert not seen["train"] & seen["validation"]


@pytest.mark.parametrize(("ref", "config", "key"), BUNDLED)
def test_rows_are_json_and_the_same_each_time(ref: str, config: str, key: tuple[str, ...]) -> None:
    first, second = (rows_of(open_source(ref, config)) for _ in range(2))
    assert json.dumps(first) == json.dumps(second)


@pytest.mark.parametrize(("ref", "config", "key"), BUNDLED)
def test_each_row_has_the_declared_columns_and_the_card_its_license(
    ref: str, config: str, key: tuple[str, ...]
) -> None:
    source = open_source(ref, config)
    assert set(source.label_columns) < set(source.features)
    assert all(set(row) == set(source.features) for rows in rows_of(source).values() for row in rows)
    assert f"license: {source.license.lower()}\n" in source.readme


def test_the_digits_are_unscaled_and_split_as_declared() -> None:
    rows = rows_of(open_source("bundled:digits"))
    assert {split: len(part) for split, part in rows.items()} == {"train": 1212, "validation": 135, "test": 450}
    assert max(pixel for row in rows["test"] for line in row["image"] for pixel in line) == 16  # type: ignore[attr-defined]
    shares = Counter(row["label"] for row in rows["test"])
    assert max(shares.values()) - min(shares.values()) <= 3


def test_each_of_twenty_languages_has_a_hundred_test_messages() -> None:
    rows = rows_of(open_source("bundled:django_catalogs", "langid"))
    assert Counter(row["language"] for row in rows["test"]) == dict.fromkeys(LANGUAGES, 100)
    assert Counter(row["language"] for row in rows["train"]) == dict.fromkeys(LANGUAGES, 100)
    assert {row["language"] for row in rows["test"][:20]} == set(LANGUAGES)


def test_a_text_that_two_languages_share_is_left_out() -> None:
    rows = rows_of(open_source("bundled:django_catalogs", "langid"))
    languages: dict[object, set[object]] = {}
    for row in (row for part in rows.values() for row in part):
        languages.setdefault(row["text"], set()).add(row["language"])
    assert all(len(one) == 1 for one in languages.values())


def test_no_paragraph_of_the_reference_is_in_two_splits() -> None:
    rows = rows_of(open_source("bundled:pydoc_topics"))
    parts = {
        split: {part.strip() for row in some for part in str(row["text"]).split("\n\n")} - {""}
        for split, some in rows.items()
    }
    assert not parts["train"] & (parts["test"] | parts["validation"])
    assert not parts["validation"] & parts["test"]
    assert len(rows["test"]) >= 30


def test_a_translation_is_a_target_and_a_bitext_is_shown() -> None:
    assert open_source("bundled:django_catalogs", "en-de").label_columns == ("target",)
    assert open_source("bundled:django_catalogs", "bitext-de").label_columns == ()


@pytest.mark.parametrize("ref", ["bundled:nothing", "local:../etc", "hub:a/b"])
def test_an_unknown_dataset_is_refused_by_name(ref: str) -> None:
    with pytest.raises(UnknownSource):
        open_source(ref)
    assert not at_hand(ref)


def test_an_unknown_configuration_names_those_there_are() -> None:
    with pytest.raises(UnknownSource, match="langid"):
        open_source("bundled:django_catalogs", "en-xx")


def test_a_folder_of_ones_own_is_read_with_its_labels_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text(
        "---\nlicense: mit\nlanguage: [en]\nconfigs:\n- config_name: default\n  data_files:\n"
        "  - {split: train, path: train.jsonl}\n  - {split: test, path: test.csv}\n"
        "dataset_info:\n- config_name: default\n  features:\n  - {name: text, dtype: string}\n"
        "  - name: label\n    dtype:\n      class_label:\n        names: {'0': bad, '1': good}\n---\n\n# Mine\n"
    )
    (tmp_path / "mine" / "train.jsonl").write_text('{"text": "well made", "label": 1}\n')
    (tmp_path / "mine" / "test.csv").write_text("text,label\nfell apart,0\n")
    monkeypatch.setenv("LANDBRIDGE_DATA", str(tmp_path))
    source = open_source("local:mine")
    assert list(source.splits["train"]()) == [{"text": "well made", "label": "good"}]
    assert list(source.splits["test"]()) == [{"text": "fell apart", "label": "bad"}]
    assert (source.license, source.commercial, source.label_columns) == ("MIT", False, ("label",))


@needs_data
@pytest.mark.parametrize("name", LOCAL)
def test_a_local_dataset_has_the_rows_that_its_index_counts(name: str) -> None:
    source = open_source(f"local:{name}")
    assert {split: len(list(rows())) for split, rows in source.splits.items()} == LOCAL[name]
    assert source.commercial is (name != "financial_phrasebank")


@needs_data
def test_sounds_and_images_are_base64_of_the_stored_bytes() -> None:
    image = next(open_source("local:fashion_mnist_mini").splits["test"]())["image"]
    sound = next(open_source("local:fsdd").splits["test"]())["audio"]
    assert base64.b64decode(image)[1:4] == b"PNG"
    assert base64.b64decode(sound)[:4] == b"RIFF"


@needs_data
def test_tags_are_named() -> None:
    tags = {tag for row in open_source("local:wnut17").splits["test"]() for tag in row["ner_tags"]}
    assert {"O", "B-person", "I-creative-work"} <= tags
