"""The one clock: the database's. Web servers, workers and parties may disagree; the database decides."""

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import DateTimeField, ExpressionWrapper, F, Func
from django.db.models.expressions import Combinable
from django.db.models.functions import Now


def now(after: timedelta = timedelta(0)) -> Combinable:
    """The database's time (plus ``after``), as an expression inside the statement that needs it."""
    shift = settings.LANDBRIDGE_CLOCK_SHIFT + after
    if not shift:
        return Now()
    return ExpressionWrapper(Now() + shift, output_field=DateTimeField())


class _Clock(Func):
    """The time of the very look, also where it had to wait for a row's lock; ``Now`` is when the statement began."""

    output_field = DateTimeField()

    def as_sqlite(self, *_given: object, **_named: object) -> tuple[str, tuple[str | int, ...]]:
        return "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')", ()

    def as_postgresql(self, *_given: object, **_named: object) -> tuple[str, tuple[str | int, ...]]:
        return "clock_timestamp()", ()


def clock() -> Combinable:
    """``db_now`` inside a statement."""
    shift = settings.LANDBRIDGE_CLOCK_SHIFT
    return ExpressionWrapper(_Clock() + shift, output_field=DateTimeField()) if shift else _Clock()


def before(field: str, limit: timedelta) -> Combinable:
    """``field - limit`` as an expression."""
    return ExpressionWrapper(F(field) - limit, output_field=DateTimeField())


def db_now() -> datetime:
    """The database's time, as a value. Use ``now()`` where the database itself can compare."""
    sql = "SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')" if connection.vendor == "sqlite" else "SELECT clock_timestamp()"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        (value,) = cursor.fetchone()
    found = datetime.fromisoformat(value).replace(tzinfo=UTC) if isinstance(value, str) else value.astimezone(UTC)
    shifted: datetime = found + settings.LANDBRIDGE_CLOCK_SHIFT
    return shifted


def text(value: datetime) -> str:
    """``2026-11-23T14:06:12.373Z``: how instants look on every wire."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
