"""Write frames of facts to their tables by COPY, in blocks of text: never an object per row.

Row-level security refuses COPY into a table, so rows go to a temporary table first and from there by INSERT … SELECT,
which meets the policies like any other write.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd
from django.db import connection, models

if TYPE_CHECKING:
    import polars as pl

BLOCK_ROWS = 20_000


def append(model: type[models.Model], rows: pd.DataFrame) -> int:
    """Add the rows of a frame to a model's table, within the caller's transaction.

    Columns are the table's column names. NaN, NaT and None are stored as NULL.

    :returns: the number of rows written
    """
    table = model._meta.db_table
    columns = [str(name) for name in rows.columns]
    known = {field.column for field in model._meta.local_concrete_fields}
    if unknown := set(columns) - known:
        raise ValueError(f"{table} has no column {', '.join(sorted(unknown))}")
    quoted = ", ".join(connection.ops.quote_name(name) for name in columns)
    staging = f"staging_{table}"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE {staging} AS SELECT {quoted} FROM {table} WITH NO DATA")  # noqa: S608
        copy_in(staging, rows)
        cursor.execute(f"INSERT INTO {table} ({quoted}) SELECT {quoted} FROM {staging}")  # noqa: S608
        written: int = cursor.rowcount
        cursor.execute(f"DROP TABLE {staging}")
    return written


def copy_in(table: str, rows: pd.DataFrame | pl.DataFrame) -> None:
    """Send the rows of a frame to a temporary table; columns are the table's, what is missing is NULL.

    Lists are arrays there, bytes are bytea. A frame of polars is sent as it stands: numbers, days, and texts as COPY
    reads them.
    """
    quoted = ", ".join(connection.ops.quote_name(str(name)) for name in rows.columns)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({quoted}) FROM STDIN (FORMAT csv)") as copy:
        for block in _blocks(rows):
            copy.write(block)


def _blocks(rows: pd.DataFrame | pl.DataFrame) -> Iterator[bytes]:
    """Yield rows as lines: nothing between two commas is NULL, "" an empty text."""
    parts = _converted(rows) if isinstance(rows, pd.DataFrame) else rows.iter_slices(BLOCK_ROWS)
    for part in parts:
        yield part.write_csv(include_header=False, quote_style="non_numeric").encode()


def _converted(rows: pd.DataFrame) -> Iterator[pl.DataFrame]:
    import polars as pl

    for start in range(0, len(rows), BLOCK_ROWS):
        some = rows.iloc[start : start + BLOCK_ROWS]
        yield pl.DataFrame([_column(str(name), some[name]) for name in some.columns])


def _column(name: str, values: pd.Series) -> pl.Series:
    import polars as pl

    if pd.api.types.is_datetime64_any_dtype(values.dtype) and values.dt.tz is None:
        return pl.Series(name, values.to_numpy(dtype="datetime64[D]"))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return pl.from_pandas(values, nan_to_null=True).alias(name)
    plain = values.astype(object).where(values.notna(), None).tolist()
    return pl.Series(name, [value if isinstance(value, str) else _text(value) for value in plain], dtype=pl.String)


def _text(value: Any) -> str | None:
    """Return a value as COPY reads it; an array in braces, each of its texts in quotes."""
    if value is None:
        return None
    if isinstance(value, bytes):
        return rf"\x{value.hex()}"
    if isinstance(value, list):
        return f"{{{','.join(map(_element, value))}}}"
    return str(value)


def _element(value: Any) -> str:
    if not isinstance(value, str):
        return "NULL" if value is None else str(value)
    escaped = value.replace("\\", r"\\").replace('"', r"\"")
    return f'"{escaped}"'
