"""Rows of the database as columns of Arrow: COPY sends lines and a parser reads them; no row is a Python object."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.db import connection, models
from psycopg import sql

if TYPE_CHECKING:
    import pyarrow as pa

PORTION_BYTES = 8 * 1024**2


def schema(model: type[models.Model], columns: Iterable[str]) -> pa.Schema:
    """Return some columns of a table with their types."""
    import pyarrow as pa

    types: dict[str, Any] = {
        "BigAutoField": pa.int64(),
        "BooleanField": pa.bool_(),
        "CharField": pa.string(),
        "DateField": pa.date32(),
        "FloatField": pa.float64(),
        "ForeignKey": pa.int64(),
        "OneToOneField": pa.int64(),
        "PositiveSmallIntegerField": pa.int64(),
    }
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return pa.schema([(name, types[fields[name].get_internal_type()]) for name in columns])


def portions(
    query: str | sql.Composed, given: Sequence[Any] | Mapping[str, Any], described: pa.Schema
) -> Iterator[pa.Table]:
    """Yield the rows of a query as tables of some megabytes, as the database sends them."""
    text = sql.SQL(query) if isinstance(query, str) else query
    statement = sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(text)
    with connection.cursor() as cursor, cursor.copy(statement, given) as copy:
        portion, size = [], 0
        for line in copy:
            portion.append(bytes(line))
            size += len(line)
            if size >= PORTION_BYTES:
                yield _table(described, b"".join(portion))
                portion, size = [], 0
        if portion:
            yield _table(described, b"".join(portion))


def _table(described: pa.Schema, lines: bytes) -> pa.Table:
    """Parse lines as PostgreSQL writes them: nothing is NULL, "" is an empty text."""
    import pyarrow as pa
    from pyarrow import csv

    return csv.read_csv(
        pa.BufferReader(lines),
        read_options=csv.ReadOptions(column_names=described.names, use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=described,
            null_values=[""],
            strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
