"""The start page: what this is, three doors, and who leads on the boards now."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from landbridge.accounts.principals import principal_of
from landbridge.core.access import Access, Right
from landbridge.hub import queries as hub
from landbridge.leaderboards import queries
from landbridge.leaderboards.models import Board, Entry
from landbridge.portal import numbers
from landbridge.portal.page import page
from landbridge.portal.shown import boards as shown
from landbridge.portal.views.leaderboards import suite_title
from landbridge.portal.views.models import listed

NEWEST: Final = 5
BOARDS: Final = 2


@page(GET=Access(Right.PUBLIC))
def home(request: HttpRequest) -> HttpResponse:
    principal = principal_of(request)
    newest = hub.catalog(hub.Filters(), principal)[:NEWEST]
    context = {
        "models": listed(list(newest)),
        "boards": [_leaders(board) for board in queries.boards().exclude(refreshed_at=None)[:BOARDS]],
    }
    return render(request, "portal/home.html", context)


def _leaders(board: Board) -> dict[str, object]:
    """The first of every task, with interval, and how many cannot be told from it."""
    rows = Entry.objects.filter(board=board, task__isnull=False, rank__isnull=False, model__visibility="public")
    ranked = list(rows.select_related("task", "model__namespace").order_by("rank", "model__name"))
    leaders = []
    for task in queries.tasks_of(board):
        here = [entry for entry in ranked if entry.task_id == task.pk]
        if here:
            first, bounds = here[0], [bound for entry in here for bound in (entry.lo or 0.0, entry.hi or 0.0)]
            leaders.append(
                {
                    "task": shown.title_of(task),
                    "model": first.model,
                    "score": numbers.score(first.value, first.lo, first.hi, (min(bounds), max(bounds))),
                    "metric": task.primary,
                    "models": len(here),
                    "close": sum(entry.rank_lo == 1 for entry in here) - 1,
                }
            )
    return {"board": board, "title": suite_title(board.suite), "leaders": leaders}
