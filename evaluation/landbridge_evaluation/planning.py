"""How a task reaches a model, and in which pieces: decided before any weights load."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from landbridge_evaluation.capabilities import Capabilities
from landbridge_plugins import Kind, Method, TaskSpec

SHARD_ROWS: Mapping[Kind, int] = {
    Kind.LOGLIKELIHOOD: 512,
    Kind.ROLLING: 256,
    Kind.GENERATE: 256,
    Kind.EMBED: 1024,
    Kind.CLASSIFY: 1024,
    Kind.TAG: 512,
    Kind.EXTRACT_SPAN: 512,
    Kind.TRANSCRIBE: 64,
    Kind.RANK: 128,
}
# Features are large: a vector per text, or per word. A shard must pass the worker API's 16 MiB, packed.
HEAD_ROWS: Mapping[Kind, int] = {Kind.CLASSIFY: 512, Kind.TAG: 128}


class Route(StrEnum):
    """How the model meets the task."""

    NATIVE = "native"  # it answers the request kind itself
    HEAD = "head"  # it gives features; a linear head is fitted outside
    ADAPT = "adapt"  # its plugin fits it to the training rows, in the child


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardPlan:
    """A piece of a task that is committed at once: the rows ``start`` to ``stop`` of the order that the job fixes."""

    index: int
    task: str
    start: int
    stop: int

    def to_json(self) -> dict[str, Any]:
        return {"index": self.index, "task": self.task, "start": self.start, "stop": self.stop}


def route_for(task: TaskSpec, capabilities: Capabilities, labels: Collection[str] | None = None) -> Route | None:
    """The route of ``task``, None where the model cannot do it (``why_not`` says why).

    A model that adapts is fitted to the training rows, for the kinds it names (any, if it names none). ``labels``,
    where known, are the task's: a model whose own head answers others gives its features instead.
    """
    if capabilities.modality not in {one.value for one in task.modalities}:
        return None
    answers, trains = task.kind.value in capabilities.kinds, bool(task.dataset.train_split)
    if capabilities.adapts and trains and (answers or not capabilities.kinds):
        return Route.ADAPT
    if answers and not (capabilities.adapts and trains) and fits(capabilities, labels):
        return Route.NATIVE
    heads = task.kind in (Kind.CLASSIFY, Kind.TAG) and task.adaptation.method is Method.HEAD
    return Route.HEAD if heads and trains and Kind.EMBED.value in capabilities.kinds else None


def fits(capabilities: Capabilities, labels: Collection[str] | None) -> bool:
    return labels is None or not capabilities.labels or set(labels) <= set(capabilities.labels)


def why_not(task: TaskSpec, capabilities: Capabilities) -> str:
    """A sentence for the lab: why the model cannot do ``task``; empty where it can."""
    if route_for(task, capabilities) is not None:
        return ""
    if capabilities.reason:
        return capabilities.reason
    wanted = ", ".join(one.value for one in task.modalities)
    if capabilities.modality not in {one.value for one in task.modalities}:
        return f"{task.name} is about {wanted}; the model is about {capabilities.modality}."
    able = ", ".join(capabilities.kinds) or "nothing by itself"
    trains = "" if task.dataset.train_split else " The task has no training rows to adapt it on."
    return f"{task.name} needs {task.kind.value}; the model answers {able}.{trains}"


def plan_shards(  # noqa: PLR0913 each by name
    task: TaskSpec,
    counts: Mapping[str, int],
    route: Route,
    *,
    first_index: int = 0,
    limit: int | None = None,
    variants: int | None = None,
) -> list[ShardPlan]:
    """The pieces of ``task``. ``counts`` are the rows of each split; ``limit`` keeps the first rows of the test split.

    On the head route the rows of train and validation count too: their features are the child's work as well. Behind
    the clean rows, which are cut as if they were alone, come the test rows of each of the ``variants`` (of the
    perturbations that the task names, unless it is given).
    """
    clean = clean_rows(task, counts, route, limit)
    copies = sum(len(use.strengths) for use in task.perturbations) if variants is None else variants
    end = clean + copies * test_rows(task, counts, limit)
    size = (HEAD_ROWS if route is Route.HEAD else SHARD_ROWS)[task.kind]
    pieces = [
        (start, min(start + size, stop))
        for first, stop in ((0, clean), (clean, end))
        for start in range(first, stop, size)
    ]
    return [
        ShardPlan(index=first_index + number, task=task.name, start=start, stop=stop)
        for number, (start, stop) in enumerate(pieces)
    ]


def clean_rows(task: TaskSpec, counts: Mapping[str, int], route: Route, limit: int | None) -> int:
    rows = test_rows(task, counts, limit)
    if route is Route.HEAD:
        rows += sum(counts.get(split, 0) for split in task.dataset.splits[:-1])
    return rows


def test_rows(task: TaskSpec, counts: Mapping[str, int], limit: int | None) -> int:
    bounds = [counts.get(task.dataset.split, 0), limit, task.limits.max_items]
    return min(bound for bound in bounds if bound is not None)
