"""``/api/v1/leaderboards``: public, as JSON and CSV."""

from typing import ClassVar

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.accounts.principals import principal_of
from landbridge.core import pagination
from landbridge.core.access import Access, Right, Rules
from landbridge.core.query import Query
from landbridge.core.views import View
from landbridge.leaderboards import described, queries, wire

PUBLIC: Rules = {"GET": Access(Right.PUBLIC)}
FORMATS = ("json", "csv")
MAX_AGE = {"Cache-Control": "no-cache"}


class Boards(View):
    """Every board."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ()
    listed: ClassVar = True

    @extend_schema(responses=described.BoardOut(many=True))
    def get(self, request: Request) -> Response:
        return pagination.page(request, queries.boards(), ("slug",), serialize=wire.board_json)


class OneBoard(View):
    """The board with its tasks and all its rows."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ("format", "task")

    @extend_schema(responses=described.BoardDetail)
    def get(self, request: Request, board: str) -> HttpResponse:
        found = queries.board(board)
        asked = Query(request.GET)
        rows = queries.entries_of_task(found, principal_of(request), asked.one("task") or None)
        if asked.choice("format", FORMATS, "json") == "csv":
            return _csv(wire.csv_text(found, rows), f"{found.slug}.csv")
        entries = list(rows)
        totals = queries.totals(entries)
        return Response(
            {
                **wire.board_json(found, queries.tasks_of(found)),
                "models": totals.models,
                "ranked": totals.ranked,
                "entries": [wire.entry_json(entry) for entry in entries],
            }
        )


class Entries(View):
    """The rows alone, ``task=overall`` for the whole board's. A board has few thousand: they come in one answer."""

    access: ClassVar[Rules] = PUBLIC
    query: ClassVar = ("format", "task")

    @extend_schema(responses=described.EntriesOut)
    def get(self, request: Request, board: str) -> HttpResponse:
        found = queries.board(board)
        asked = Query(request.GET)
        rows = queries.entries_of_task(found, principal_of(request), asked.one("task") or None)
        if asked.choice("format", FORMATS, "json") == "csv":
            return _csv(wire.csv_text(found, rows), f"{found.slug}.csv")
        return Response({"items": [wire.entry_json(entry) for entry in rows], "next": None})


def _csv(text: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', **MAX_AGE}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)
