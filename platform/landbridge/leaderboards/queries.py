"""Reads of boards: the same few statements however many rows."""

import uuid
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from landbridge.accounts.principals import Principal
from landbridge.core.errors import NotFound
from landbridge.evaluations.models import Result, TaskRecord
from landbridge.leaderboards.models import Board, Entry
from landbridge.leaderboards.ranking import PRIVATE
from landbridge_registry.models import Visibility


def boards() -> QuerySet[Board]:
    return Board.objects.select_related("suite").filter(suite__visibility="public").order_by("slug")


def board(slug: str) -> Board:
    found = boards().filter(slug=slug).first()
    if found is None:
        raise NotFound(f"There is no board {slug!r} that you may see.")
    return found


def entries(found: Board, principal: Principal) -> QuerySet[Entry]:
    """A board's rows in order: public models, and the caller's own. Overall rows come first, unranked ones last.

    A token sees rows of private models with the scope ``read`` only.
    """
    rows = Entry.objects.filter(board=found)
    inside = principal.has_scope("read")
    if not (inside and principal.is_operator):
        mine = list(principal.memberships) if inside else []
        rows = rows.filter(Q(model__visibility=Visibility.PUBLIC) | Q(model__namespace__in=mine))
    rows = rows.select_related("task", "model__namespace", "revision", "result")
    return rows.order_by(
        F("task__name").asc(nulls_first=True), F("rank").asc(nulls_last=True), "model__namespace__name", "model__name"
    )


def entries_of_task(found: Board, principal: Principal, task: str | None) -> QuerySet[Entry]:
    """Those of one task; ``overall`` are the rows of the whole board."""
    rows = entries(found, principal)
    if task is None:
        return rows
    return rows.filter(task=None) if task == OVERALL else rows.filter(task__name=task)


def tasks_of(found: Board) -> list[TaskRecord]:
    """The tasks of the suite's newest revision, in its order."""
    newest = found.suite.revisions.order_by("-number").first()
    if newest is None:
        return []
    rows = newest.rows.select_related("task__dataset__repo__namespace").order_by("place")
    return [row.task for row in rows]


def board_of_result(result_id: str) -> str | None:
    rows = Result.objects.filter(pk=result_id)
    found: str | None = rows.values_list("job__evaluation__suite_revision__suite__board", flat=True).first()
    return found


def boards_behind() -> list[str]:
    """Boards that have not taken in every result, or not yet that a model was closed or opened to the public."""
    behind = Result.objects.filter(boarded_at=None, job__evaluation__suite_revision__suite__board__isnull=False)
    late = behind.values_list("job__evaluation__suite_revision__suite__board", flat=True)
    return sorted({*late, *misplaced().values_list("board", flat=True)})


def misplaced() -> QuerySet[Entry]:
    """Rows made before their model's visibility changed: private ones with a rank, public ones left out as private."""
    closed = Q(model__visibility=Visibility.PRIVATE, rank__isnull=False)
    return Entry.objects.filter(closed | Q(model__visibility=Visibility.PUBLIC, missing_reason=PRIVATE))


def boards_with(model_id: str) -> list[str]:
    """Boards that have a row of the model."""
    return list(
        Board.objects.filter(entries__model__id=uuid.UUID(model_id))
        .order_by("pk")
        .values_list("pk", flat=True)
        .distinct()
    )


OVERALL = "overall"


@dataclass(frozen=True, slots=True)
class Totals:
    models: int
    ranked: int


def totals(rows: list[Entry]) -> Totals:
    models = {row.model_id for row in rows}
    return Totals(len(models), len({row.model_id for row in rows if row.rank is not None}))
