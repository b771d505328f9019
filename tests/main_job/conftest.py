"""An instance with a lab's plugin distribution installed, one for all tests of this folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Stack, built_model, python_with, running

PLUGIN = '''
"""A lab's plugin: it knows a language by its commonest letters."""

from collections import Counter
from dataclasses import dataclass

from landbridge_plugins import ModelSpec, Modality, hookimpl

LETTERS = ModelSpec(
    slug="letters", title="Letter counts", modality=Modality.TEXT, license="MIT", kinds=("classify",), adapts=True,
    summary="Tells a text's language by how often each letter occurs in it; learns from the training texts.",
)


@dataclass(frozen=True)
class Letters:
    labels: tuple = ()
    profiles: tuple = ()

    def classify(self, texts):
        return [[fit(profile, text) for profile in self.profiles] for text in texts]


def fit(profile, text):
    return sum(profile.get(letter, 0.0) for letter in text) / max(1, len(text))


@hookimpl
def register_models():
    return [LETTERS]


@hookimpl
def load_model(spec, files):
    return Letters() if spec.slug == LETTERS.slug else None


@hookimpl
def adapt_model(model, task, train):
    if not isinstance(model, Letters):
        return None
    counts = {}
    for text, label in train:
        counts.setdefault(label, Counter()).update(text)
    profiles = [{letter: n / sum(c.values()) for letter, n in c.items()} for c in counts.values()]
    return Letters(tuple(counts), tuple(profiles))
'''


def distribution(folder: Path) -> Path:
    """What ``pip install`` leaves of a small wheel: a module and its metadata."""
    info = folder / "harbor_letters-1.0.dist-info"
    info.mkdir(parents=True)
    (folder / "harbor_letters.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: harbor-letters\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[landbridge]\nharbor = harbor_letters\n")
    (info / "INSTALLER").write_text("pip\n")
    return folder


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    base = tmp_path_factory.mktemp("instance")
    python = python_with(distribution(base / "wheel"), base / "venv")
    with running(base / "home", "--no-demo", python=python) as started:
        yield started


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder as a lab has it: trained just now, safetensors and a card."""
    return built_model(tmp_path_factory.mktemp("models"), "ngram-lm-3")
