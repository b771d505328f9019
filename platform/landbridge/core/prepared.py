"""Statements that are built once. What a worker asks at each call costs the database more than it costs Python.

Django builds the text of a query anew each time, which takes longer than running it. Here a query is written as ever,
with a ``slot`` where a value will stand; its text is kept with the connection, and a call only fills the slots.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

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

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:  # noqa: ARG002 Django's signature
        return "%s", (self,)

    def bound(self, given: dict[str, Any], backend: BaseDatabaseWrapper) -> Any:  # noqa: ANN401 what the driver takes
        value = given[self.name]
        return self.column.get_db_prep_save(value.pk if isinstance(value, Model) else value, backend)


def slot(model: type[Model], column: str, name: str = "") -> Slot:
    """A slot ``name`` (by default the column's) of the type of ``model.column``."""
    field = model._meta.get_field(column)
    while field.remote_field is not None and hasattr(field, "target_field"):
        field = field.target_field
    return Slot(name or column, field)


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
        found: _Rows = _of_connection(self, lambda: _rows_of(self.query()))
        return found


def _rows_of(rows: "QuerySet[Any, Any]") -> _Rows:
    compiler = rows.query.get_compiler(connection=connection)
    text = _Text(*compiler.as_sql())
    select, info = compiler.select, compiler.klass_info
    converters = compiler.get_converters([column for column, _, _ in select])
    if info is None:  # values_list
        return _Rows(text, compiler, converters, rows.model, [], 0, (), ())
    fields = info["select_fields"]
    names = [select[place][0].target.attname for place in range(fields[0], fields[-1] + 1)]
    related = get_related_populators(info, select, connection.alias)  # type: ignore[call-arg] # of Django 6
    annotations = tuple((compiler.annotation_col_map or {}).items())
    return _Rows(text, compiler, converters, info["model"], names, fields[0], related, annotations)


class PreparedUpdate(Generic[M]):
    """``rows`` are those that change, ``sets`` their new values; either may hold slots.

    A call answers how many there were; ``returning`` the columns (``giving``) of the one that changed.
    """

    def __init__(self, rows: Callable[[], "QuerySet[M, Any]"], **sets: Any) -> None:  # noqa: ANN401 as ``update`` takes them
        self.rows, self.sets = rows, sets
        self.columns: tuple[str, ...] = ()

    def giving(self, *columns: str) -> Self:
        self.columns = columns
        return self

    def __call__(self, **given: Any) -> int:  # noqa: ANN401 by column
        text: _Text = _of_connection(self, self._built)
        with text.run(given) as cursor:
            return int(cursor.rowcount)

    def returning(self, **given: Any) -> Sequence[Any] | None:  # noqa: ANN401 by column
        """The columns of the row that changed, as it stands now; ``None`` where none did."""
        rows: _Rows = _of_connection((self, "rows"), self._built_rows)
        return next(iter(rows.fetch(given)), None)

    def _built(self) -> _Text:
        query = self.rows().query.chain(UpdateQuery)
        query.add_update_values(self.sets)  # type: ignore[attr-defined] # the class just named
        return _Text(*query.get_compiler(connection=connection).as_sql())

    def _built_rows(self) -> _Rows:
        plain = _rows_of(self.rows().values_list(*self.columns))
        quote, meta, text = connection.ops.quote_name, self.rows().model._meta, self._built()
        names = ", ".join(quote(str(meta.get_field(name).column)) for name in self.columns)  # type: ignore[union-attr]
        returned = _Text(f"{text.sql} RETURNING {names}", text.parameters)
        return _Rows(returned, plain.compiler, plain.converters, plain.model, [], 0, (), ())


def insert(*rows: Model) -> None:
    """Write new rows of one table in one statement. Keys that the database makes are not read back."""
    (model,) = {type(row) for row in rows}
    fields = _written(model)
    text: _Text = _of_connection((model, len(rows)), lambda: _insert_of(model, fields, len(rows)))
    given = {
        f"{field.name} {place}": field.pre_save(row, add=True) for place, row in enumerate(rows) for field in fields
    }
    text.run(given).close()
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias  # noqa: SLF001 as ``save`` does


def _insert_of(model: type[Model], fields: "Sequence[Field[Any, Any]]", rows: int) -> _Text:
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    values = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * rows)
    sql = f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES {values}"  # noqa: S608 the table's own names
    return _Text(sql, [Slot(f"{field.name} {place}", field) for place in range(rows) for field in fields])


def _written(model: type[Model]) -> "list[Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not field.db_returning]


def _of_connection(key: object, build: Callable[[], Any]) -> Any:  # noqa: ANN401 what ``build`` gives
    """Kept with the thread's connection; a shifted clock stands in the text, so it is part of the key."""
    kept = connection.__dict__.setdefault(_KEPT, {})
    at = (key, settings.LANDBRIDGE_CLOCK_SHIFT)
    if at not in kept:
        kept[at] = build()
    return kept[at]
