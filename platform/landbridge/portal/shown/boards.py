"""Boards as pages show them: one row a model, one cell a task, intervals drawn on the task's own scale."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.translation import get_language

from landbridge.evaluations.models import TaskRecord
from landbridge.leaderboards.models import Entry
from landbridge.portal import numbers, words
from landbridge_registry.models import Repo


@dataclass(frozen=True, slots=True)
class Column:
    """A task of a board. ``better`` is up or down, as its metric has it."""

    key: str
    title: str
    metric: str
    n: int
    scale: tuple[float, float] | None
    lower_is_better: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    score: numbers.Score | None
    place: int | None  # the rank itself
    rank: str  # "2" or "2-4", where the interval leaves it open
    first: bool
    tied: int  # how many others share the rank
    reason: words.Text  # why there is no score
    short: words.Text  # the same in two words
    result: str


@dataclass(frozen=True, slots=True)
class Row:
    model: Repo
    rank: int | None
    rank_text: str
    mean: numbers.Score | None
    why: str  # there is no overall rank
    cells: tuple[Cell, ...]
    mine: bool = False
    code: bool = False  # the lab's own code ran
    devices: str = ""  # the device class; several: joined


@dataclass(frozen=True, slots=True)
class SelfRun:
    """A number from the lab's own machine: shown, apart from what is ranked."""

    model: Repo
    task: str
    score: numbers.Score
    n: int
    device: str
    result: str


def self_runs(entries: Iterable[Entry], shown: Sequence[Column]) -> list[SelfRun]:
    titles = {column.key: column.title for column in shown}
    return [
        SelfRun(
            model=entry.model,
            task=titles.get(entry.task.name, entry.task.name),
            score=numbers.score(entry.value, entry.lo, entry.hi),
            n=entry.n,
            device=entry.device_class,
            result=entry.result_id,
        )
        for entry in entries
        if entry.task is not None and entry.self_run and entry.value is not None
    ]


def title_of(task: TaskRecord) -> str:
    """The task's title in the reader's language."""
    spec: Mapping[str, Any] = task.spec
    chinese = (get_language() or "").startswith("zh")
    return str((chinese and spec.get("title_zh")) or spec.get("title") or task.name)


def columns(tasks: Sequence[TaskRecord], entries: Iterable[Entry]) -> list[Column]:
    """One column a task, in the suite's order, with the scale that all its intervals fit on."""
    by_task: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.task is not None:
            by_task[entry.task.name].append(entry)
    return [_column(task, by_task[task.name]) for task in tasks]


def _column(task: TaskRecord, rows: Sequence[Entry]) -> Column:
    bounds = [bound for row in rows for bound in (row.lo, row.hi) if bound is not None and row.rank is not None]
    return Column(
        key=task.name,
        title=title_of(task),
        metric=task.primary,
        n=max((row.n for row in rows), default=0),
        scale=(min(bounds), max(bounds)) if bounds else None,
        lower_is_better=not task.higher_is_better,
    )


def rows(entries: Sequence[Entry], shown: Sequence[Column], mine: frozenset[int] = frozenset()) -> list[Row]:
    """One row a model: the best overall first, models without one last. ``mine``: namespaces of the reader."""
    by_model: dict[Any, dict[str, Entry]] = defaultdict(dict)
    for entry in entries:
        by_model[entry.model_id][entry.task.name if entry.task else ""] = entry
    sharing = _sharing(entries)
    made = []
    for held in by_model.values():
        overall, model = held.get(""), next(iter(held.values())).model
        cells = tuple(_cell(held.get(column.key), column, sharing) for column in shown)
        row = _row(model, overall, cells, mine=model.namespace_id in mine)
        ran = [one for one in held.values() if one.task is not None]
        devices = " · ".join(sorted({one.device_class for one in ran if one.device_class}))
        made.append(replace(row, code=any(one.code for one in ran), devices=devices))
    return sorted(made, key=_order)


def _row(model: Repo, overall: Entry | None, cells: tuple[Cell, ...], *, mine: bool) -> Row:
    if overall is None or overall.rank is None:
        return Row(model, None, "", None, overall.missing_text if overall else "", cells, mine)
    mean = numbers.score(overall.value, overall.lo, overall.hi)
    return Row(model, overall.rank, rank_text(overall.rank_lo, overall.rank_hi, overall.rank), mean, "", cells, mine)


def _order(row: Row) -> tuple[float, float, str]:
    ranks = [cell.place for cell in row.cells if cell.place is not None]
    return (row.rank or float("inf"), sum(ranks) / len(ranks) if ranks else float("inf"), str(row.model).lower())


def _sharing(entries: Sequence[Entry]) -> Mapping[tuple[str, int], int]:
    counts: dict[tuple[str, int], int] = defaultdict(int)
    for entry in entries:
        if entry.task is not None and entry.rank is not None:
            counts[(entry.task.name, entry.rank)] += 1
    return counts


def _cell(entry: Entry | None, column: Column, sharing: Mapping[tuple[str, int], int]) -> Cell:
    if entry is None:
        return Cell(None, None, "", first=False, tied=0, reason="", short="", result="")
    if entry.rank is None:
        reason = words.MISSING.get(entry.missing_reason, entry.missing_text)
        short = words.SHORTLY.get(entry.missing_reason, words.SHORTLY["failed"])
        return Cell(None, None, "", first=False, tied=0, reason=reason, short=short, result=entry.result_id)
    return Cell(
        score=numbers.score(entry.value, entry.lo, entry.hi, column.scale),
        place=entry.rank,
        rank=rank_text(entry.rank_lo, entry.rank_hi, entry.rank),
        first=entry.rank == 1,
        tied=sharing[(column.key, entry.rank)] - 1,
        reason="",
        short="",
        result=entry.result_id,
    )


def rank_text(low: int | None, high: int | None, rank: int) -> str:
    """``2``, or ``2-4`` where the interval leaves the place open."""
    if low is None or high is None or low == high:
        return str(rank)
    return f"{low}-{high}"
