"""Boards as JSON and CSV."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from landbridge.core import time
from landbridge.evaluations.models import TaskRecord
from landbridge.leaderboards.models import Board, Entry

COLUMNS = (
    "board", "task", "rank", "rank_low", "rank_high", "model", "revision", "metric", "value", "ci95_low", "ci95_high",
    "n", "missing_reason", "result", "code", "self_run", "self_reported", "device_class",
)  # fmt: skip
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what spreadsheets take for the start of a formula
OVERALL = "overall"
FLAGS = ("code", "self_run", "self_reported")


def board_json(board: Board, tasks: Iterable[TaskRecord] = ()) -> dict[str, Any]:
    return {
        "board": board.slug,
        "suite": board.suite.name,
        "title": board.suite.title,
        "title_zh": board.suite.title_zh,
        "method": board.method,
        "refreshed_at": time.text(board.refreshed_at) if board.refreshed_at else None,
        "tasks": [task_json(task) for task in tasks],
        "url": f"/api/v1/leaderboards/{board.slug}",
        "entries_url": f"/api/v1/leaderboards/{board.slug}/entries",
        "html_url": f"/leaderboards/{board.slug}",
    }


def task_json(task: TaskRecord) -> dict[str, Any]:
    return {
        "name": task.name,
        "title": task.title,
        "metric": task.primary,
        "higher_is_better": task.higher_is_better,
        "digest": task.digest,
        "n": task.counts.get(task.spec["dataset"]["split"], 0),
    }


def entry_json(entry: Entry) -> dict[str, Any]:
    """A rank with its interval and the score, or the reason why there is no rank."""
    scored = entry.value is not None
    return {
        "task": entry.task.name if entry.task else OVERALL,
        "rank": entry.rank,
        "rank_interval": [entry.rank_lo, entry.rank_hi] if entry.rank is not None else None,
        "model": str(entry.model),
        "revision": entry.revision.commit,
        "metric": entry.metric,
        "score": {"value": entry.value, "ci95": [entry.lo, entry.hi], "n": entry.n} if scored else None,
        "missing": {"code": entry.missing_reason, "text": entry.missing_text} if entry.missing_reason else None,
        "marks": {**{name: getattr(entry, name) for name in FLAGS}, "device_class": entry.device_class},
        "result": {"id": entry.result_id, "url": f"/api/v1/results/{entry.result_id}"},
    }


def csv_text(board: Board, entries: Iterable[Entry]) -> str:
    """RFC 4180 with a header. Text that a spreadsheet would run is quoted with an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for entry in entries:
        row = (
            board.slug, entry.task.name if entry.task else OVERALL, entry.rank, entry.rank_lo, entry.rank_hi,
            str(entry.model), entry.revision.commit, entry.metric, entry.value, entry.lo, entry.hi, entry.n,
            entry.missing_reason, entry.result_id, *(str(entry.__dict__[name]).lower() for name in FLAGS),
            entry.device_class,
        )  # fmt: skip
        writer.writerow([safe(cell) for cell in row])
    return out.getvalue()


def safe(cell: object) -> object:
    """Numbers stay numbers; a text that starts like a formula is made a text."""
    if isinstance(cell, str) and cell.startswith(FORMULA):
        return f"'{cell}"
    return cell
