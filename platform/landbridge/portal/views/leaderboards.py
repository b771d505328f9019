"""Leaderboards: the table first, ties and intervals visible, what is missing with its reason."""

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Access, Right
from landbridge.evaluations.models import Suite
from landbridge.leaderboards import queries
from landbridge.leaderboards.models import Board, Entry
from landbridge.portal import numbers
from landbridge.portal.page import page
from landbridge.portal.shown import boards as shown
from landbridge_evaluation import plots
from landbridge_registry.models import Visibility


@page(GET=Access(Right.PUBLIC))
def leaderboards(request: HttpRequest) -> HttpResponse:
    ranked = Q(entries__rank__isnull=False, entries__model__visibility=Visibility.PUBLIC)
    counted = Count("entries__model", filter=ranked, distinct=True)
    rows = queries.boards().annotate(models=counted)
    listed = [{"board": row, "title": suite_title(row.suite), "models": row.models} for row in rows]
    return render(request, "portal/leaderboards.html", {"boards": listed})


@page(GET=Access(Right.PUBLIC, hidden=True, why="A private suite's board looks absent."))
def board(request: HttpRequest, slug: str) -> HttpResponse:
    found = _board(slug)
    principal = principal_of(request)
    entries, tasks = list(queries.entries(found, principal)), queries.tasks_of(found)
    columns = shown.columns(tasks, entries)
    rows = shown.rows(entries, columns, frozenset(principal.memberships))
    asked = request.GET.get("task", "")
    overall = any(row.rank is not None for row in rows)
    usual = None if overall else next((column for column in columns if column.n), None)
    chosen = next((column for column in columns if column.key == asked), usual)
    words = request.GET.get("q", "").lower().split()[:10]
    rows = [row for row in rows if all(word in str(row.model).lower() for word in words)]
    if chosen is not None:
        place = columns.index(chosen)
        rows.sort(key=lambda row: _place(row, place))
    context = {
        "board": found,
        "title": suite_title(found.suite),
        "columns": columns,
        "rows": rows,
        "chosen": chosen,
        "overall": overall,
        "q": request.GET.get("q", ""),
        "self_runs": shown.self_runs(entries, columns),
        "plot": _forest(chosen or columns[0], entries) if columns else None,
        "tasks": tasks,
    }
    return render(request, "portal/board.html", context)


def _board(slug: str) -> Board:
    """By its slug, or by the name of its suite, as jobs know it."""
    found = queries.boards().filter(suite__name=slug).first()
    return found or queries.board(slug)


def suite_title(suite: Suite) -> str:
    chinese = (get_language() or "").startswith("zh")
    return (chinese and suite.title_zh) or suite.title


def _place(row: shown.Row, column: int) -> float:
    """By the score's place on this task; the others keep their order."""
    place = row.cells[column].place
    return place if place is not None else float("inf")


def _forest(column: shown.Column, entries: list[Entry]) -> dict[str, object]:
    """The picture of one task, with the sentence that says what it shows."""
    here = [entry for entry in entries if entry.task is not None and entry.task.name == column.key]
    ranked = [entry for entry in here if None not in (entry.rank, entry.value, entry.lo, entry.hi)]
    ranked.sort(key=lambda entry: (entry.rank or 0, str(entry.model)))
    marks = [
        plots.Mark(
            name=str(entry.model),
            value=entry.value or 0.0,
            low=entry.lo or 0.0,
            high=entry.hi or 0.0,
            text=numbers.score(entry.value, entry.lo, entry.hi).text,
            lead=entry.rank == 1,
        )
        for entry in ranked
    ]
    reading = _reading(ranked)
    return {
        "svg": plots.forest(marks, title=reading, unit=column.metric) if marks else "",
        "reading": reading,
        "column": column,
    }


def _reading(ranked: list[Entry]) -> str:
    if not ranked:
        return _("No model has a score on this task yet.")
    leader = ranked[0]
    close = [str(entry.model) for entry in ranked[1:] if (entry.rank_lo or 0) == 1]
    if close:
        return _("%(leader)s leads; not separable from it: %(close)s.") % {
            "leader": leader.model,
            "close": ", ".join(close[:4]),
        }
    return _("%(leader)s leads, with an interval apart from all others.") % {"leader": leader.model}
