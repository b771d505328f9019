"""Suites: tasks that stand on one board."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from landbridge_plugins.codec import Digested
from landbridge_plugins.errors import SpecError
from landbridge_plugins.settings import Aggregate, Plan, SuiteTask
from landbridge_plugins.tasks import NAME


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteSpec(Digested):
    """Weighted tasks, how they are put together, and the plan that all models run under."""

    name: str
    title: str
    tasks: tuple[SuiteTask, ...]
    title_zh: str = ""
    axes: tuple[str, ...] = ("accuracy",)
    aggregate: Aggregate = Aggregate.MEAN_NORMALIZED
    plan: Plan = field(default_factory=Plan)

    undigested: ClassVar[frozenset[str]] = frozenset({"name", "title", "title_zh"})

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise SpecError("/name", f'"{self.name}" must be 3 to 80 of a-z, 0-9, "_", "-", ".", no mark first.')
        if not self.tasks:
            raise SpecError("/tasks", "must name at least one task.")

    @classmethod
    def normalized(cls, value: Mapping[str, Any], _pointer: str) -> Mapping[str, Any]:
        """Tasks may be bare names, of weight 1."""
        given = value.get("tasks")
        if not isinstance(given, (list, tuple)):
            return value
        return {**value, "tasks": [{"task": one} if isinstance(one, str) else one for one in given]}
