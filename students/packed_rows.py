"""Whole columns out of the database in one row: each packed by the server as Arrow holds it, without a line per row.

A million lines cost a second of looking for their ends. Here the server strings the binary form of a column together;
what comes is its buffer, but for the order of the bytes. A value may have a gigabyte: a hundred million rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import psycopg
from django.db import connection, models
from psycopg import sql

from students import arrow_rows

if TYPE_CHECKING:
    import pyarrow as pa

# The first day of PostgreSQL as Arrow counts days.
FIRST_DAY = np.datetime64("2000-01-01").astype(np.int64)
_PACKED: dict[str, tuple[LiteralString, ...]] = {
    "int64": ("int8send(coalesce({column}, 0))",),
    "double": ("float8send(coalesce({column}, 0))",),
    "date32[day]": ("date_send(coalesce({column}, '2000-01-01'))",),
    "bool": ("boolsend(coalesce({column}, false))",),
    "string": ("int4send(coalesce(octet_length({column}), 0))", "convert_to(coalesce({column}, ''), 'UTF8')"),
}


def of_queryset(rows: models.QuerySet[Any], columns: Sequence[str]) -> pa.Table:
    """Return some columns of the rows of a queryset, in any order of the rows."""
    import pyarrow as pa

    described = _with_nulls(rows.model, arrow_rows.schema(rows.model, columns))
    query, given = rows.order_by().values_list(*columns).query.sql_with_params()
    packed = [_packed(field) for field in described]
    statement = sql.SQL("SELECT {} FROM ({}) AS r").format(
        sql.SQL(", ").join(part for parts in packed for part in parts),
        sql.SQL(query),
    )
    with psycopg.Cursor(_connection()) as cursor:
        buffers = iter(cursor.execute(statement, given, binary=True).fetchone() or ())
    return pa.table([_array(field, buffers) for field in described], schema=described)


def _with_nulls(model: type[models.Model], described: pa.Schema) -> pa.Schema:
    """Return the columns with what the model says of each: whether a value may be missing."""
    import pyarrow as pa

    may_miss = {field.attname: field.null for field in model._meta.concrete_fields}
    return pa.schema([field.with_nullable(may_miss[field.name]) for field in described])


def _connection() -> psycopg.Connection[Any]:
    connection.ensure_connection()
    raw: psycopg.Connection[Any] = connection.connection
    return raw


def _packed(field: pa.Field) -> Iterator[sql.Composed]:
    """Yield what a column is packed into: its values, and where they may be missing, which of them are."""
    parts = [*_PACKED[str(field.type)], *(["boolsend({column} IS NULL)"] if field.nullable else [])]
    for part in parts:
        value = sql.SQL(part).format(column=sql.Identifier("r", field.name))
        yield sql.SQL("coalesce(string_agg({}, ''::bytea), ''::bytea)").format(value)


def _array(field: pa.Field, buffers: Iterator[bytes]) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    values: Any
    match str(field.type):
        case "string":
            ends = np.cumsum(np.frombuffer(next(buffers), dtype=">i4"), dtype=np.int64)
            offsets = np.concatenate([[0], ends])
            texts = [None, pa.py_buffer(offsets), pa.py_buffer(next(buffers))]
            values = pa.Array.from_buffers(pa.large_string(), ends.size, texts).cast(pa.string())
        case "date32[day]":
            days = np.frombuffer(next(buffers), dtype=">i4").astype(np.int32) + np.int32(FIRST_DAY)
            values = pa.array(days).cast(pa.date32())
        case "bool":
            values = pa.array(np.frombuffer(next(buffers), dtype=np.bool_))
        case kind:
            stored, native = {"int64": (">i8", np.int64), "double": (">f8", np.float64)}[kind]
            values = pa.array(np.frombuffer(next(buffers), dtype=stored).astype(native))
    if not field.nullable:
        return values
    missing = pa.array(np.frombuffer(next(buffers), dtype=np.bool_))
    return pc.if_else(missing, pa.scalar(None, type=field.type), values)
