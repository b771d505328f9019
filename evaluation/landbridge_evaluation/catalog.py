"""The tasks and suites that installed plugins bring, and those of a task file."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from landbridge_evaluation.metrics import measures_of
from landbridge_evaluation.variants import check
from landbridge_plugins import Method, SpecError, SuiteSpec, TaskSpec, build_manager, call_each
from landbridge_plugins.errors import nearest

SCHEMA = "landbridge.tasks/1"
PARTS = ("schema", "suites", "tasks")
ENDINGS = (".json", ".yaml", ".yml")


@dataclass(slots=True)
class Catalog:
    tasks: dict[str, TaskSpec] = field(default_factory=dict)
    suites: dict[str, SuiteSpec] = field(default_factory=dict)
    base: Path = field(default_factory=Path.cwd)  # what ``file:`` references are relative to
    pointers: dict[str, str] = field(default_factory=dict)  # where in the task file each task stands
    faults: list[str] = field(default_factory=list)  # plugins that could not be asked


def installed() -> Catalog:
    """Of two plugins that claim one name, the first in pluggy's order keeps it."""
    manager, faults = build_manager()
    catalog = Catalog(faults=[f"{one.plugin}: {one.error}" for one in faults])
    for hook, kept in (("register_tasks", catalog.tasks), ("register_suites", catalog.suites)):
        for plugin, answers in call_each(manager, hook):
            if not isinstance(answers, tuple):
                catalog.faults.append(f"{plugin}: {answers.error}")
                continue
            for one in answers:
                kept.setdefault(one.name, one)
    return catalog


def choose(names: str) -> tuple[list[TaskSpec], Catalog]:
    """The tasks that ``names`` means: a task file, or names of tasks and suites with commas between.

    Raises ``SpecError`` with a JSON pointer into the file, or with the nearest names.
    """
    path = Path(names)
    if path.suffix in ENDINGS:
        catalog = read(path)
        return [ready(task) for task in catalog.tasks.values()], catalog
    catalog, chosen = installed(), dict[str, TaskSpec]()
    for name in filter(None, (one.strip() for one in names.split(","))):
        for task in of_name(name, catalog):
            chosen[task] = catalog.tasks[task]
    if not chosen:
        raise SpecError("", "names no tasks.")
    return [ready(task) for task in chosen.values()], catalog


def of_name(name: str, catalog: Catalog) -> Sequence[str]:
    if name in catalog.tasks:
        return (name,)
    if name in catalog.suites:
        wanted = [one.task for one in catalog.suites[name].tasks]
        lacking = [one for one in wanted if one not in catalog.tasks]
        if lacking:
            raise SpecError("", f"the suite {name} names tasks that no plugin brings: {', '.join(lacking)}.")
        return wanted
    raise SpecError("", f'no task or suite "{name}".{nearest(name, [*catalog.tasks, *catalog.suites])}')


def read(path: Path) -> Catalog:
    """A task file: one TaskSpec, or ``{"schema": "landbridge.tasks/1", "suites": […], "tasks": […]}``."""
    try:
        text = path.read_text(encoding="utf-8")
        value = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise SpecError("", f"{path} cannot be read: {error}") from error
    catalog = Catalog(base=path.resolve().parent)
    if not isinstance(value, Mapping):
        raise SpecError("", "must be an object.")
    if not {"schema", "tasks"} & value.keys():
        task = TaskSpec.from_json(value)
        catalog.tasks[task.name] = task
        return catalog
    return filled(catalog, value)


def filled(catalog: Catalog, value: Mapping[str, Any]) -> Catalog:
    check_parts(value)
    for place, one in enumerate(value["tasks"]):
        task = TaskSpec.from_json(one, f"/tasks/{place}")
        if task.name in catalog.tasks:
            raise SpecError(f"/tasks/{place}/name", f'"{task.name}" stands twice.')
        try:
            catalog.tasks[task.name] = ready(task)
            catalog.pointers[task.name] = f"/tasks/{place}"
        except SpecError as error:
            raise SpecError(f"/tasks/{place}{error.pointer}", error.message) from None
    for place, one in enumerate(value.get("suites", [])):
        suite = SuiteSpec.from_json(one, f"/suites/{place}")
        catalog.suites[suite.name] = suite
    return catalog


def check_parts(value: Mapping[str, Any]) -> None:
    for key in value:
        if key not in PARTS:
            raise SpecError(f"/{key}", f'unknown key "{key}".{nearest(str(key), PARTS)}')
    if value.get("schema") != SCHEMA:
        raise SpecError("/schema", f'must be "{SCHEMA}".')
    if not value.get("tasks"):
        raise SpecError("/tasks", "must name at least one task.")
    for part in ("tasks", "suites"):
        if not isinstance(value.get(part, []), list):
            raise SpecError(f"/{part}", "must be a list.")


def ready(task: TaskSpec) -> TaskSpec:
    """The task, if this engine can run all that it asks. Raises ``SpecError`` for what it cannot do yet."""
    measures_of(task)
    if task.fewshot is not None:
        raise SpecError("/fewshot", "this engine runs no few-shot tasks yet.")
    if task.perturbations:
        check(task)
    if task.adaptation.method is Method.LEARNING_CURVE:
        raise SpecError("/adaptation/method", "this engine draws no learning curves yet.")
    return task
