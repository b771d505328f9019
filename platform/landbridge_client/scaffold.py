"""``landbridge plugin new``: a folder with a plugin that works, to be changed into one that is good."""

import re
from pathlib import Path
from string import Template

from landbridge_client.errors import LandbridgeError
from landbridge_client.formats import modules

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_CAP = 60

PYPROJECT = Template("""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$name"
version = "0.1.0"
description = "Tells the label of a text by its letters; learns from a task's training rows in seconds."
readme = "README.md"
license = "Apache-2.0"
requires-python = ">=3.11"

[project.entry-points.landbridge]
$module = "$module"

[dependency-groups]
dev = ["build", "landbridge", "pytest"]

[tool.hatch.build.targets.wheel]
packages = ["$module"]
""")

README = Template("""\
# $name

Tells the label of a text by its letters (naive Bayes over characters and pairs of characters). It brings no weights: it
learns each task from that task's training rows.

    python -m pytest                        # its tests
    landbridge plugin check .               # the conformance kit, the same that screening runs
    python -m build --wheel                 # dist/$module-0.1.0-py3-none-any.whl
    landbridge submit dist/$module-0.1.0-py3-none-any.whl --suite SUITE --wait

The wheel alone is the submission. It runs in a sandbox: no network, read-only files, and only packages that are
installed there (numpy, scipy, scikit-learn, torch, transformers). A version never changes: raise `version` next time.
""")

PLUGIN = Template('''\
"""Naive Bayes over letters: learns a task from its training rows in a second. Put your own model in its place."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landbridge_plugins import LoadedModel, Modality, ModelSpec, TaskSpec, hookimpl

LETTERS = ModelSpec(
    slug="$name-letters",
    title="Letters",
    modality=Modality.TEXT,
    license="Apache-2.0",
    kinds=("classify",),
    adapts=True,  # it must be fitted to a task's training rows before it answers
    summary="Naive Bayes over characters and pairs of characters.",
)
SMOOTHING = 0.5


@dataclass(frozen=True)
class Letters:
    """A ``Classifier``. No base class: having ``labels`` and ``classify`` is enough."""

    labels: tuple[str, ...] = ()
    priors: tuple[float, ...] = ()
    weights: tuple[Mapping[str, float], ...] = ()
    unseen: tuple[float, ...] = ()

    def classify(self, items: Sequence[Any]) -> Sequence[Sequence[float]]:
        """A row of log-probabilities per item, one number per label, in the order of ``labels``."""
        return [[self.score(place, pieces(item)) for place in range(len(self.labels))] for item in items]

    def score(self, place: int, found: Sequence[str]) -> float:
        weights, unseen = self.weights[place], self.unseen[place]
        return self.priors[place] + sum(weights.get(piece, unseen) for piece in found)


def pieces(item: Any) -> list[str]:
    """Characters and pairs of them; of a pair of texts, both."""
    text = item if isinstance(item, str) else " ".join(map(str, item))
    return [*text, *map("".join, zip(text, text[1:], strict=False))]


def fit(rows: Sequence[tuple[Any, Any]]) -> Letters:
    counts: dict[str, Counter[str]] = {}
    seen = Counter(str(label) for _, label in rows)
    for item, label in rows:
        counts.setdefault(str(label), Counter()).update(pieces(item))
    labels = tuple(sorted(counts))
    known = len({piece for one in counts.values() for piece in one})
    totals = [sum(counts[label].values()) + SMOOTHING * (known + 1) for label in labels]
    weights = tuple(
        {piece: math.log((n + SMOOTHING) / total) for piece, n in counts[label].items()}
        for label, total in zip(labels, totals, strict=True)
    )
    priors = tuple(math.log(seen[label] / len(rows)) for label in labels)
    return Letters(labels, priors, weights, tuple(math.log(SMOOTHING / total) for total in totals))


@hookimpl
def register_models() -> Iterable[ModelSpec]:
    return [LETTERS]


@hookimpl
def load_model(spec: ModelSpec, files: Path) -> LoadedModel | None:
    """``files`` is the model's folder, read-only: weights that are submitted beside the wheel are found there."""
    return Letters() if spec.slug == LETTERS.slug else None


@hookimpl
def adapt_model(model: LoadedModel, task: TaskSpec, train: Sequence[tuple[Any, Any]]) -> LoadedModel | None:
    """The same rows must give the same model."""
    if not isinstance(model, Letters) or task.kind.value not in LETTERS.kinds or not train:
        return None  # not ours: the next plugin is asked
    return fit(train)
''')

TEST = Template("""\
import $module

ROWS = [("good morning to you", "en"), ("what a day", "en"), ("bonjour mes amis", "fr"), ("quel beau jour", "fr")]


def test_it_tells_languages_by_their_letters() -> None:
    model = $module.fit(ROWS)
    (row,) = model.classify(["bonjour"])
    assert model.labels[max(range(len(row)), key=row.__getitem__)] == "fr"


def test_the_same_rows_give_the_same_answers() -> None:
    texts = ["a day", "un jour", ""]
    assert $module.fit(ROWS).classify(texts) == $module.fit(ROWS).classify(texts)
""")

FILES = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "$module/__init__.py": PLUGIN,
    "$module/py.typed": Template(""),
    "tests/test_plugin.py": TEST,
}


def create(name: str, parent: Path) -> Path:
    """Make ``parent/name``. Raises ``LandbridgeError`` for a name that cannot be one, or that is taken."""
    if not NAME.fullmatch(name) or len(name) > NAME_CAP:
        raise LandbridgeError(
            f"“{name}” must be lower-case words joined by hyphens, like lumen-models.", code="name_invalid"
        )
    module = name.replace("-", "_")
    if modules.shadows(module, modules.taken(apart_from=name, thorough=False)):
        raise LandbridgeError(f"{module} is the name of a module that is here. Choose another.", code="module_shadowed")
    folder = parent / name
    if folder.exists():
        raise LandbridgeError(f"{folder} exists already. Choose another name or --output.", code="exists")
    words = {"name": name, "module": module}
    for path, template in FILES.items():
        place = folder / Template(path).substitute(words)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(template.substitute(words), encoding="utf-8")
    return folder
