"""``landbridge plugin new``: a folder with a plugin that works, to be changed into one that is good."""

import re
from pathlib import Path
from string import Template

from landbridge_client.errors import LandbridgeError

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NAME_CAP = 60

PYPROJECT = Template("""\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "$name"
version = "0.1.0"
description = "Models for Landbridge."
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["landbridge"]

[project.entry-points.landbridge]
$module = "$module"

[tool.hatch.build.targets.wheel]
packages = ["$module"]
""")

README = Template("""\
# $name

A plugin for Landbridge.

    pip install -e .
    landbridge plugin check . --model example
    python -m pytest

`$module/__init__.py` declares one model and loads it. The model's files are a folder with `landbridge.json`
(`{"schema": "landbridge.model/1", "slug": "$name-majority"}`) and `labels.json` (label → count); `example/` is one.
""")

PLUGIN = Template('''\
"""The least a model must beat: always answer the commonest label. Put your own model in its place."""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from landbridge_plugins import LoadedModel, Modality, ModelSpec, hookimpl

MAJORITY = ModelSpec(
    slug="$name-majority",
    title="Commonest label",
    modality=Modality.TEXT,
    license="Apache-2.0",
    kinds=("classify",),
)


@dataclass(frozen=True)
class Majority:
    """A ``Classifier``. No base class: having ``labels`` and ``classify`` is enough."""

    labels: tuple[str, ...]
    logs: tuple[float, ...]

    def classify(self, items: Sequence[str]) -> Sequence[Sequence[float]]:
        return [self.logs for _ in items]


@hookimpl
def register_models() -> Iterable[ModelSpec]:
    return [MAJORITY]


@hookimpl
def load_model(spec: ModelSpec, files: Path) -> LoadedModel | None:
    if spec.slug != MAJORITY.slug:
        return None  # not ours: the next plugin is asked
    counts: dict[str, int] = json.loads((files / "labels.json").read_text("utf-8"))
    total = sum(counts.values())
    return Majority(tuple(counts), tuple(math.log(count / total) for count in counts.values()))
''')

TEST = Template("""\
from pathlib import Path

import $module

EXAMPLE = Path(__file__).parent.parent / "example"


def test_the_commonest_label_wins() -> None:
    model = $module.load_model(spec=$module.MAJORITY, files=EXAMPLE)
    (row,) = model.classify(["anything"])
    assert model.labels[max(range(len(row)), key=row.__getitem__)] == "yes"
""")

CARD = Template("""\
---
license: apache-2.0
language: en
---

# $name-majority

Answers the commonest label of its training data.
""")

FILES = {
    "pyproject.toml": PYPROJECT,
    "README.md": README,
    "$module/__init__.py": PLUGIN,
    "$module/py.typed": Template(""),
    "tests/test_plugin.py": TEST,
    "example/README.md": CARD,
    "example/landbridge.json": Template('{"schema": "landbridge.model/1", "slug": "$name-majority"}\n'),
    "example/labels.json": Template('{"yes": 3, "no": 1}\n'),
}


def create(name: str, parent: Path) -> Path:
    """Make ``parent/name``. Raises ``LandbridgeError`` for a name that cannot be one, or that is taken."""
    if not NAME.fullmatch(name) or len(name) > NAME_CAP:
        raise LandbridgeError(
            f"“{name}” must be lower-case words joined by hyphens, like lumen-models.", code="name_invalid"
        )
    folder = parent / name
    if folder.exists():
        raise LandbridgeError(f"{folder} exists already. Choose another name or --output.", code="exists")
    words = {"name": name, "module": name.replace("-", "_")}
    for path, template in FILES.items():
        place = folder / Template(path).substitute(words)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(template.substitute(words), encoding="utf-8")
    return folder
