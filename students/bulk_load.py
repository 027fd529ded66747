"""Write frames of facts to their tables by COPY: never an object per row.

Row-level security refuses COPY into a table, so rows go to a temporary table first and from there by INSERT … SELECT,
which meets the policies like any other write.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from django.db import connection, models


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
        with cursor.copy(f"COPY {staging} ({quoted}) FROM STDIN") as copy:
            for row in _plain(rows):
                copy.write_row(row)
        cursor.execute(f"INSERT INTO {table} ({quoted}) SELECT {quoted} FROM {staging}")  # noqa: S608
        written: int = cursor.rowcount
        cursor.execute(f"DROP TABLE {staging}")
    return written


def _plain(rows: pd.DataFrame) -> Any:
    """Yield rows of plain Python values, None where a value is missing."""
    columns = []
    for name in rows.columns:
        series = rows[name]
        if isinstance(series.dtype, pd.CategoricalDtype):
            series = series.astype(object)
        if pd.api.types.is_datetime64_any_dtype(series.dtype) and series.dt.tz is None:
            series = series.dt.date
        values = series.astype(object).where(series.notna(), None)
        columns.append(values.tolist())
    return zip(*columns, strict=True)
