"""Reads the declarations under ``tasks/``, one file a use, and the lock that holds what was published."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from landbridge_plugins import SuiteSpec, TaskSpec

FOLDER = Path(__file__).parent / "tasks"
LOCK = Path(__file__).parent / "tasks.lock.json"


def declared(key: str) -> list[dict[str, Any]]:
    files = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))]
    return [item for file in files for item in file.get(key, ())]


@cache
def tasks() -> tuple[TaskSpec, ...]:
    return tuple(TaskSpec.from_json(item) for item in declared("tasks"))


@cache
def suites() -> tuple[SuiteSpec, ...]:
    return tuple(SuiteSpec.from_json(item) for item in declared("suites"))


def digests() -> dict[str, str]:
    """What the lock holds: a published task's digest never changes."""
    return {task.name: task.digest() for task in sorted(tasks(), key=lambda task: task.name)}
