"""Statements that are built once. What a worker asks at each call costs the database more than it costs Python.

Django builds the text of a query anew each time, which takes longer than running it. Here a query is written as ever,
with a ``slot`` where a value will stand; its text is kept with the connection, and a call only fills the slots.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Expression, Field, Model, QuerySet
from django.db.models.query import get_related_populators
from django.db.models.sql import UpdateQuery
from django.db.models.sql.compiler import SQLCompiler

M = TypeVar("M", bound=Model)
_KEPT = "_landbridge_statements"


class Slot(Expression):
    """Where a value stands that a call brings, as the column's own type."""

    def __init__(self, name: str, field: "Field[Any, Any]") -> None:
        super().__init__(output_field=field)
        self.name, self.column = name, field

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:  # noqa: ARG002 Django's signature
        return "%s", [self]

    def bound(self, given: dict[str, Any], backend: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 what the driver takes
        value = given[self.name]
        return self.column.get_db_prep_save(value.pk if isinstance(value, Model) else value, backend)


def slot(model: type[Model], column: str, name: str = "") -> Slot:
    """A slot ``name`` (by default the column's) of the type of ``model.column``."""
    field = model._meta.get_field(column)
    while field.remote_field is not None and hasattr(field, "target_field"):
        field = field.target_field
    return Slot(name or column, field)  # type: ignore[arg-type] # a column, not a relation from elsewhere


@dataclass(frozen=True, slots=True)
class _Text:
    """One statement: its words, and its parameters with slots among them."""

    sql: str
    parameters: Sequence[Any]

    def run(self, given: dict[str, Any]) -> Any:  # noqa: ANN401 the driver's cursor
        values = [one.bound(given, connection) if isinstance(one, Slot) else one for one in self.parameters]
        cursor = connection.cursor()
        if connection.vendor == "postgresql":
            _bind_at_server(cursor)
        cursor.execute(self.sql, values)
        return cursor


def _bind_at_server(cursor: Any) -> None:  # noqa: ANN401 Django's wrapper
    """Have PostgreSQL keep the plan with the connection, too: its texts stay the same, and values go beside them."""
    import psycopg  # noqa: PLC0415 where PostgreSQL is

    cursor.cursor = psycopg.Cursor(connection.connection)


@dataclass(frozen=True, slots=True)
class _Rows:
    """A statement with what makes objects of its rows."""

    text: _Text
    compiler: SQLCompiler
    converters: dict[int, Any]
    model: type[Model]
    names: list[str]
    first: int
    related: Sequence[Any]
    annotations: Sequence[tuple[str, int]]

    def fetch(self, given: dict[str, Any]) -> list[Sequence[Any]]:
        with self.text.run(given) as cursor:
            rows = cursor.fetchall()
        return list(self.compiler.apply_converters(rows, self.converters)) if self.converters else rows

    def objects(self, given: dict[str, Any]) -> Iterator[Model]:
        last = self.first + len(self.names)
        for row in self.fetch(given):
            made = self.model.from_db(connection.alias, self.names, row[self.first : last])
            for one in self.related:
                one.populate(row, made)
            for name, place in self.annotations:
                setattr(made, name, row[place])
            yield made


class Prepared(Generic[M]):
    """A query of whole rows (``select_related`` and annotations as ever), or of ``values_list``: ``rows``."""

    def __init__(self, query: Callable[[], "QuerySet[M, Any]"]) -> None:
        self.query = query

    def all(self, **given: Any) -> list[M]:  # noqa: ANN401 by column
        return list(self._kept().objects(given))  # type: ignore[arg-type] # rows of the query's own model

    def first(self, **given: Any) -> M | None:  # noqa: ANN401 by column
        """The first row of what the query names: one that can name many is to be sliced."""
        return next(self._kept().objects(given), None)  # type: ignore[return-value] # as above

    def rows(self, **given: Any) -> list[Sequence[Any]]:  # noqa: ANN401 by column
        return self._kept().fetch(given)

    def _kept(self) -> _Rows:
        found: _Rows = _of_connection(self, self._built)
        return found

    def _built(self) -> _Rows:
        query = self.query().query
        compiler = query.get_compiler(connection=connection)
        text = _Text(*compiler.as_sql())
        select, info = compiler.select, compiler.klass_info
        converters = compiler.get_converters([column for column, _, _ in select])
        if info is None:  # values_list
            return _Rows(text, compiler, converters, query.model, [], 0, (), ())
        fields = info["select_fields"]
        names = [select[place][0].target.attname for place in range(fields[0], fields[-1] + 1)]
        related = get_related_populators(info, select, connection.alias)
        annotations = tuple((compiler.annotation_col_map or {}).items())
        return _Rows(text, compiler, converters, info["model"], names, fields[0], related, annotations)


class PreparedUpdate(Generic[M]):
    """``rows`` are those that change, ``sets`` their new values; either may hold slots. Answers how many there were."""

    def __init__(self, rows: Callable[[], "QuerySet[M, Any]"], **sets: Any) -> None:  # noqa: ANN401 as ``update`` takes them
        self.rows, self.sets = rows, sets

    def __call__(self, **given: Any) -> int:  # noqa: ANN401 by column
        text: _Text = _of_connection(self, self._built)
        with text.run(given) as cursor:
            return int(cursor.rowcount)

    def _built(self) -> _Text:
        query = self.rows().query.chain(UpdateQuery)
        query.add_update_values(self.sets)
        return _Text(*query.get_compiler(connection=connection).as_sql())


def insert(row: Model) -> None:
    """Write a new row whose key is its own, or nobody's concern: it is not read back."""
    text: _Text = _of_connection(type(row), lambda: _insert_of(type(row)))
    text.run({field.name: field.pre_save(row, add=True) for field in _written(type(row))}).close()
    row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 as ``save`` does


def _insert_of(model: type[Model]) -> _Text:
    quote, fields = connection.ops.quote_name, _written(model)
    columns = ", ".join(quote(str(field.column)) for field in fields)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({', '.join(['%s'] * len(fields))})"  # noqa: S608 the table's own names
    return _Text(sql, [Slot(field.name, field) for field in fields])


def _written(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not field.db_returning]


def _of_connection(key: object, build: Callable[[], Any]) -> Any:  # noqa: ANN401 what ``build`` gives
    """Kept with the thread's connection; a shifted clock stands in the text, so it is part of the key."""
    kept = connection.__dict__.setdefault(_KEPT, {})
    at = (key, settings.LANDBRIDGE_CLOCK_SHIFT)
    if at not in kept:
        kept[at] = build()
    return kept[at]
