"""Lists by keyset: a page starts after the last row of the one before, so rows that come or go move nothing.

The cursor is opaque and signed. It carries the place, and a digest of what was listed: a cursor of another list, or an
altered one, is refused.
"""

import datetime as dt
import decimal
import hashlib
import operator
import uuid
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any, TypeVar

from django.core import signing
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.response import Response

from landbridge.core import query
from landbridge.core.errors import DomainError

Row = TypeVar("Row", bound=Model)
LIMIT, DEFAULT = 200, 50
SALT = "landbridge.cursor"
POSITION = frozenset({"cursor", "limit", "lang", "count", "fields"})  # what does not change which rows are listed

PACK: dict[type, tuple[str, Callable[[Any], Any]]] = {
    dt.datetime: ("t", dt.datetime.isoformat),
    dt.date: ("d", dt.date.isoformat),
    decimal.Decimal: ("n", str),
    uuid.UUID: ("u", str),
}
UNPACK: dict[str, Callable[[Any], Any]] = {
    "t": dt.datetime.fromisoformat,
    "d": dt.date.fromisoformat,
    "n": decimal.Decimal,
    "u": uuid.UUID,
    "": lambda value: value,
}


class CursorInvalid(DomainError):
    code = "cursor_invalid"
    title = "This cursor is not of this list"


def page(
    request: HttpRequest | Request,
    queryset: QuerySet[Row, Any],
    order: Sequence[str] = ("-created_at", "id"),
    *,
    serialize: Callable[[Any], Mapping[str, Any]],
) -> Response:
    """``{"items", "next"}`` and ``Link: rel="next"``: ``limit`` rows (50, at most 200) after ``cursor``.

    ``order`` names columns without nulls; the primary key is added where it is missing, so places are unique.
    ``count=true`` adds the total, ``fields=a,b`` keeps these of each item. Call ``query.parse(..., listed=True)``
    before, or set ``listed`` on the view.
    """
    asked = query.Query(request.GET)
    rows, upcoming = cut(request, queryset, order)
    body: dict[str, Any] = {"items": [dict(serialize(row)) for row in rows], "next": upcoming}
    if asked.one("fields"):
        body["items"] = [_kept(item, asked.many("fields")) for item in body["items"]]
    if asked.flag("count"):
        body["count"] = queryset.count()
    response = Response(body)
    if upcoming is not None:
        response["Link"] = f'<{request.build_absolute_uri(next_address(request, upcoming))}>; rel="next"'
    return response


def cut(
    request: HttpRequest | Request, queryset: QuerySet[Row, Any], order: Sequence[str] = ("-created_at", "id")
) -> tuple[list[Row], str | None]:
    """The rows of the asked page and the cursor of the next one. Pages and API both use it."""
    order = [*order, *(() if {"id", "pk"} & {name.lstrip("-") for name in order} else ("pk",))]
    limit = query.Query(request.GET).number("limit", least=1, most=LIMIT, default=DEFAULT)
    listed = _digest(request, order)
    cursor = request.GET.get("cursor", "")
    if cursor:
        queryset = queryset.filter(_after(order, _opened(cursor, listed)))
    rows = list(queryset.order_by(*order)[: limit + 1])
    if len(rows) <= limit:
        return rows, None
    rows = rows[:limit]
    place = [_packed(_value(rows[-1], name.lstrip("-"))) for name in order]
    return rows, signing.Signer(salt=SALT).sign_object([listed, place])


def next_address(request: HttpRequest | Request, cursor: str) -> str:
    """The address of the next page, relative: the same query with another cursor."""
    values = request.GET.copy()
    values["cursor"] = cursor
    return f"{request.path}?{values.urlencode()}"


def _digest(request: HttpRequest | Request, order: Sequence[str]) -> str:
    """Which list this is: address, filters and order."""
    filters = sorted((name, sorted(values)) for name, values in request.GET.lists() if name not in POSITION)
    return hashlib.sha256(repr((request.path, filters, list(order))).encode()).hexdigest()[:16]


def _opened(cursor: str, listed: str) -> list[Any]:
    refusal = CursorInvalid("This cursor was altered or belongs to another list. Start again without one.")
    try:
        belongs, place = signing.Signer(salt=SALT).unsign_object(cursor)
        values = [UNPACK[kind](value) for kind, value in place]
    except (signing.BadSignature, ValueError, TypeError, KeyError) as error:
        raise refusal from error
    if belongs != listed:
        raise refusal
    return values


def _after(order: Sequence[str], place: Sequence[Any]) -> Q:
    """Rows behind ``place``: greater in the first column that differs (smaller where it descends)."""
    branches, same = [], Q()
    for name, value in zip(order, place, strict=True):
        column = name.lstrip("-")
        branches.append(same & Q(**{f"{column}__{'lt' if name.startswith('-') else 'gt'}": value}))
        same &= Q(**{column: value})
    return reduce(operator.or_, branches)


def _value(row: Any, column: str) -> Any:  # noqa: ANN401 a column of any type
    return reduce(getattr, column.split("__"), row)


def _packed(value: Any) -> tuple[str, Any]:  # noqa: ANN401 a column of any type
    kind, write = PACK.get(type(value), ("", lambda same: same))
    return kind, write(value)


def _kept(item: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    unknown = sorted(set(names) - set(item))
    if unknown:
        said = f"fields holds unknown names: {', '.join(unknown)}. Known here: {', '.join(sorted(item))}."
        raise query.refused("fields", "unknown_field", said, sorted(item))
    return {name: item[name] for name in names}
