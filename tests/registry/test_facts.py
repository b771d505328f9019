"""The cached head: what lists show without a walk."""

import json
import struct

from landbridge_registry import operations
from landbridge_registry.models import Repo, RepoTag
from tests.registry.kit import add, land

CARD = b"""---
license: apache-2.0
language: [en, zh]
tags: [tiny]
pipeline_tag: text-classification
base_model: lab/base
---
# Title

Sorts short English and Chinese messages
into 77 intents.

## More
"""
CONFIG = {"model_type": "bert", "architectures": ["BertForSequenceClassification"], "secret": "x"}


def safetensors(**shapes: tuple[int, ...]) -> bytes:
    header, at = {}, 0
    for name, shape in shapes.items():
        size = 4
        for side in shape:
            size *= side
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + bytes(at)


def test_the_head_knows_card_config_and_parameters(repo: Repo) -> None:
    land(
        repo,
        add("README.md", CARD),
        add("config.json", json.dumps(CONFIG).encode()),
        add("model-1.safetensors", safetensors(a=(3, 4))),
        add("model-2.safetensors", safetensors(b=(5,))),
    )
    assert repo.summary == "Sorts short English and Chinese messages into 77 intents."
    assert (repo.license, repo.languages, repo.library) == ("Apache-2.0", ["en", "zh"], "transformers")
    assert (repo.parameters, repo.parameter_count) == ({"F32": 17}, 17)
    assert repo.config == {"model_type": "bert", "architectures": ["BertForSequenceClassification"]}
    assert set(RepoTag.objects.values_list("tag", flat=True)) == {
        "tiny", "en", "zh", "license:apache-2.0", "base_model:lab/base", "text-classification", "transformers", "bert",
        "safetensors",
    }  # fmt: skip


def test_a_part_that_goes_takes_its_facts_along(repo: Repo) -> None:
    land(repo, add("README.md", CARD), add("m.safetensors", safetensors(a=(2,))))
    land(repo, operations.DeleteFile("m.safetensors"))
    assert (repo.parameter_count, repo.license) == (None, "Apache-2.0")
    land(repo, operations.DeleteFile("README.md"))
    assert (repo.license, repo.card) == ("", {})
    assert not RepoTag.objects.exists()


def test_what_cannot_be_read_is_stored_and_says_nothing(repo: Repo) -> None:
    commit = land(
        repo,
        add("README.md", b"---\nlicense: [\n---\n"),
        add("config.json", b"{" * 5000),
        add("m.safetensors", b"\xff" * 100),
    )
    assert repo.head_sha == commit.sha
    assert (repo.card, repo.config, repo.parameter_count) == ({}, {}, None)


def test_text_that_no_database_takes_is_cleaned(repo: Repo) -> None:
    land(repo, add("README.md", b'---\ntags: ["a\\0b", "c\\ud800d"]\n---\nText\0 here.\n'))
    assert (repo.card["tags"], repo.summary) == (["ab", "c?d"], "Text here.")


def test_a_marker_names_the_model_that_a_plugin_knows(repo: Repo) -> None:
    land(repo, add("landbridge.json", b'{"schema": "landbridge.model/1", "slug": "majority"}'))
    assert (repo.library, repo.config) == ("landbridge", {"slug": "majority"})
