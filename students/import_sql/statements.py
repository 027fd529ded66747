"""Run SQL made of constant text and quoted parts: nothing of a file's text ever becomes part of a statement."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, LiteralString

from django.db import connection
from psycopg import sql

# Above this share of a table's rows it is cheaper to read them all once than to look each one up.
FEW = 0.05

Parameters = Mapping[str, Any]


def name(*names: str) -> sql.Identifier:
    """Return a name of a table or a column, quoted; of several, joined by points."""
    return sql.Identifier(*names)


def each(template: LiteralString, names: Iterable[str], *, between: LiteralString = ", ") -> sql.Composed:
    """Return a template once per name, where {n} stands for the name: "f.{n} = s.{n}" joined by commas or " AND "."""
    return sql.SQL(between).join([sql.SQL(template).format(n=sql.Identifier(one)) for one in names])


def joined(between: LiteralString, parts: Iterable[sql.Composed]) -> sql.Composed:
    """Return parts one after the other, with something between them."""
    return sql.SQL(between).join(parts)


def fragment(text: LiteralString, **parts: sql.Composable) -> sql.Composed:
    """Return a part of a statement."""
    return sql.SQL(text).format(**parts)


def literal(value: str) -> sql.Literal:
    """Return a text as part of a statement that takes no parameters."""
    return sql.Literal(value)


def number(value: int) -> sql.Literal:
    """Return a whole number as part of a statement."""
    return sql.Literal(value)


def typed_columns(columns: Mapping[str, str]) -> sql.Composed:
    """Return columns with their types, as a new table wants them; the types are ours, never a file's."""
    return sql.SQL(", ").join([sql.Identifier(one) + sql.SQL(" " + kind) for one, kind in columns.items()])


def copy_in(table: str, columns: Iterable[str]) -> str:
    """Return the statement that reads lines of CSV into some columns of a table."""
    listed = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), listed).as_string(None)


def drop_all() -> None:
    """Drop the temporary tables of a staging, for the next one in the same transaction."""
    made = fetch(
        "SELECT c.relname FROM pg_class c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'r'"
        " AND c.relname ~ '^(staged|file)_'",
        {},
    )
    if made:
        tables = sql.SQL(", ").join([sql.Identifier("pg_temp", table) for (table,) in made])
        run("DROP TABLE {tables}", tables=tables)


def run(statement: LiteralString, parameters: Parameters | None = None, /, **parts: sql.Composable) -> int:
    """Run a statement and return how many rows it touched."""
    with connection.cursor() as cursor:
        cursor.execute(_text(statement, parts), parameters)
        touched: int = cursor.rowcount
        return touched


def fetch(
    statement: LiteralString, parameters: Parameters | None = None, /, **parts: sql.Composable
) -> list[tuple[Any, ...]]:
    """Run a query and return its rows; for the few, never for the many."""
    with connection.cursor() as cursor:
        cursor.execute(_text(statement, parts), parameters)
        return list(cursor.fetchall())


def make(table: str, query: LiteralString, parameters: Parameters | None = None, /, **parts: sql.Composable) -> int:
    """Make a temporary table of what a query returns, anew where it is there already; return its rows.

    It is gone with the transaction, and analysed, so that the statements that join it are planned for its size.
    """
    run("DROP TABLE IF EXISTS {table}", table=name("pg_temp", table))
    with connection.cursor() as cursor:
        start = sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS ").format(name(table)).as_string(None)
        cursor.execute(start + _text(query, parts), parameters)
        n_rows: int = cursor.rowcount
    run("ANALYZE {table}", table=name("pg_temp", table))
    return n_rows


@contextlib.contextmanager
def planned_for(n_rows: int, *, of: str) -> Iterator[None]:
    """Plan joins of that many rows with a table of records: one by one where they are few, all at once otherwise.

    Row-level security hides from the planner how many rows an institution has; it guesses next to none, and would
    look ten million rows up one after the other.
    """
    [(stored,)] = fetch("SELECT reltuples FROM pg_class WHERE oid = %(table)s::regclass", {"table": of})
    are_many = n_rows > FEW * max(stored, 0)
    if are_many:
        run("SET LOCAL enable_nestloop = off")
    yield
    if are_many:
        run("SET LOCAL enable_nestloop = on")


def _text(statement: LiteralString, parts: Mapping[str, sql.Composable]) -> str:
    return sql.SQL(statement).format(**parts).as_string(None)
