"""Tables that only grow. Triggers hold it in the database, so that no code path, admin page or shell can bend it.

A model says so with ``append_only = True``; columns in ``append_only_but`` are notes of the platform's own that may
change, one by one (``update``, not ``save``, which writes every column). SQLite drops triggers when it rebuilds a
table, so each migrate makes them again.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db import connections, models

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

FUNCTION = """
CREATE OR REPLACE FUNCTION landbridge_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'append-only table %', TG_TABLE_NAME; END $$
"""


def tables() -> Iterator[str]:
    for model in apps.get_models():
        if getattr(model, "append_only", False):
            yield model._meta.db_table


def fixed_columns(table: str) -> list[str] | None:
    """The columns that never change, where not all of them are."""
    (model,) = (one for one in apps.get_models() if one._meta.db_table == table)
    free = getattr(model, "append_only_but", ())
    return (
        [one.column or one.name for one in model._meta.local_concrete_fields if one.name not in free] if free else None
    )


def statements(vendor: str, table: str, fixed: Sequence[str] | None = None) -> Iterator[str]:
    """What makes ``table`` append-only, its ``fixed`` columns or all of them; safe to run again."""
    columns = ", ".join(f'"{name}"' for name in fixed or ())
    for verb, of in (("UPDATE", f" OF {columns}" if columns else ""), ("DELETE", "")):
        name = f"{table}_no_{verb.lower()}"
        yield f'DROP TRIGGER IF EXISTS "{name}"' + (f' ON "{table}"' if vendor == "postgresql" else "")
        if vendor == "postgresql":
            yield (
                f'CREATE TRIGGER "{name}" BEFORE {verb}{of} ON "{table}" '
                "FOR EACH ROW EXECUTE FUNCTION landbridge_append_only()"
            )
        else:
            yield (
                f'CREATE TRIGGER "{name}" BEFORE {verb}{of} ON "{table}" '
                f"BEGIN SELECT RAISE(ABORT, 'append-only table {table}'); END"
            )
    if vendor == "postgresql":
        yield f'DROP TRIGGER IF EXISTS "{table}_no_truncate" ON "{table}"'
        yield (
            f'CREATE TRIGGER "{table}_no_truncate" BEFORE TRUNCATE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION landbridge_append_only()"
        )


def enforce(using: str = "default", **_: Any) -> None:  # noqa: ANN401 what the post_migrate signal sends
    """Make the triggers of every append-only table that exists."""
    connection: BaseDatabaseWrapper = connections[using]
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(FUNCTION)
        for table in tables():
            if table in present:
                for statement in statements(connection.vendor, table, fixed_columns(table)):
                    cursor.execute(statement)


def missing(using: str = "default") -> list[str]:
    """Append-only tables that have lost a trigger."""
    connection = connections[using]
    sql = (
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
        if connection.vendor == "postgresql"
        else "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found = {name for (name,) in cursor.fetchall()}
    return [table for table in tables() if not {f"{table}_no_update", f"{table}_no_delete"} <= found]


def is_append_only(model: type[models.Model]) -> bool:
    return bool(getattr(model, "append_only", False))
