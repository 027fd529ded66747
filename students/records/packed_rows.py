"""Rows of several tables in one answer, as columns: each packed by the server, so that no row becomes a Python object.

A million rows cost seconds as tuples, and a second as lines of COPY. Here the server strings the binary form of a whole
column together, which is an array but for the order of its bytes; and what a student's page needs of ten tables comes
at once. A value may have a gigabyte: a hundred million rows.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, LiteralString

import numpy as np
import psycopg
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from psycopg import sql

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Which rows, and which of their columns by the names of the database.
Asked = tuple[models.QuerySet[Any], Sequence[str]]

_NUMBER, _SHARE, _FLAG, _DAY, _TEXT = "int8", "float8", "bool", "date", "text"
_KINDS = {
    "BigAutoField": _NUMBER,
    "ForeignKey": _NUMBER,
    "OneToOneField": _NUMBER,
    "PositiveSmallIntegerField": _NUMBER,
    "FloatField": _SHARE,
    "BooleanField": _FLAG,
    "DateField": _DAY,
    "CharField": _TEXT,
}
_PACKED: dict[str, tuple[LiteralString, ...]] = {
    _NUMBER: ("int8send(coalesce({column}, 0))",),
    _SHARE: ("float8send(coalesce({column}, 'NaN'))",),
    _FLAG: ("boolsend(coalesce({column}, false))",),
    _DAY: ("date_send(coalesce({column}, 'infinity'))",),
    _TEXT: ("int4send(coalesce(octet_length({column}), 0))", "convert_to(coalesce({column}, ''), 'UTF8')"),
}
_FIRST_DAY = np.datetime64("2000-01-01", "D")
_INFINITY = np.iinfo(np.int32).max


def columns_of(asked: Mapping[str, Asked], *, are_any: Mapping[str, models.QuerySet[Any]]) -> dict[str, Any]:
    """Return what was asked for, all as one statement sees it; rows come in any order.

    Of rows, the columns by name: arrays of int64, float64, bool and datetime64[s], texts as Arrow's. Where a number
    may be missing its column is float64 with NaN, a missing day is NaT. Of `are_any`, whether there are such rows.
    """
    selected = [_packed(rows, names, number) for number, (rows, names) in enumerate(asked.values())]
    checks = [_is_there(rows) for rows in are_any.values()]
    text = sql.SQL("SELECT * FROM {}").format(
        sql.SQL(" CROSS JOIN ").join([text for text, _given in selected + checks])
    )
    given = [value for _text, values in selected + checks for value in values]
    with _cursor() as cursor:
        cursor.execute(text.as_string(None), given)
        answer = iter(cursor.fetchone() or ())
    read = {name: _read(rows.model, tuple(names), answer) for name, (rows, names) in asked.items()}
    return read | {name: next(answer) for name in are_any}


def _cursor() -> CursorWrapper:
    """Return a cursor that Django logs like its own, but that receives bytes as they are and not spelt out."""
    connection.ensure_connection()
    raw: Any = psycopg.Cursor(connection.connection)
    raw.format = psycopg.pq.Format.BINARY
    return connection.make_debug_cursor(raw) if connection.queries_logged else connection.make_cursor(raw)


@functools.cache
def _columns(model: Any, names: tuple[str, ...]) -> dict[str, tuple[str, bool]]:
    """Return of each column how it is packed, and whether a value may be missing."""
    fields = {field.attname: field for field in model._meta.concrete_fields}
    return {name: (_KINDS[fields[name].get_internal_type()], fields[name].null) for name in names}


@functools.cache
def _packing(model: Any, names: tuple[str, ...]) -> sql.SQL:
    """Return what packs the columns, each into one value or several; the same text every time."""
    values = [
        sql.SQL("coalesce(string_agg({}, ''::bytea), ''::bytea)").format(
            sql.SQL(form).format(column=sql.Identifier(name))
        )
        for name, (kind, may_miss) in _columns(model, names).items()
        for form in (*_PACKED[kind], *(["boolsend({column} IS NULL)"] if _is_flagged(kind, may_miss) else []))
    ]
    return _constant(sql.SQL(", ").join(values).as_string(None))


def _packed(rows: models.QuerySet[Any], names: Sequence[str], number: int) -> tuple[sql.Composed, Sequence[Any]]:
    query, given = rows.order_by().values_list(*names).query.sql_with_params()
    model: Any = rows.model
    text = sql.SQL("(SELECT {} FROM ({}) AS r) AS {}").format(
        _packing(model, tuple(names)), _constant(query), sql.Identifier(f"part_{number}")
    )
    return text, given


def _is_there(rows: models.QuerySet[Any]) -> tuple[sql.Composed, Sequence[Any]]:
    query, given = rows.order_by().values_list("pk").query.sql_with_params()
    return sql.SQL("(SELECT EXISTS ({}))").format(_constant(query)), given


def _constant(text: str) -> sql.SQL:
    # Made above, or by Django of a queryset: the parameters stand apart, nothing of a file is in it.
    return sql.SQL(text)


def _is_flagged(kind: str, may_miss: bool) -> bool:
    """Tell whether a missing value needs a mark of its own; others have a value that says so."""
    return may_miss and kind in (_NUMBER, _FLAG, _TEXT)


def _read(model: Any, names: tuple[str, ...], answer: Iterator[bytes]) -> dict[str, Any]:
    return {name: _column(kind, may_miss, answer) for name, (kind, may_miss) in _columns(model, names).items()}


def _column(kind: str, may_miss: bool, answer: Iterator[bytes]) -> Any:
    packed = next(answer)
    if kind == _TEXT:
        return _texts(packed, next(answer), np.frombuffer(next(answer), dtype=np.bool_) if may_miss else None)
    if kind == _DAY:
        days = np.frombuffer(packed, dtype=">i4").astype(np.int64)
        return np.where(days == _INFINITY, np.datetime64("NaT"), _FIRST_DAY + days).astype("datetime64[s]")
    if kind == _SHARE:
        return np.frombuffer(packed, dtype=">f8").astype(np.float64)
    values: NDArray[Any] = np.frombuffer(packed, dtype=np.bool_ if kind == _FLAG else ">i8")
    values = values.astype(np.bool_ if kind == _FLAG else np.int64)
    if not may_miss:
        return values
    missing = np.frombuffer(next(answer), dtype=np.bool_)
    return np.where(missing, np.nan, values)


def _texts(lengths: bytes, texts: bytes, missing: NDArray[np.bool_] | None) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    ends = np.cumsum(np.frombuffer(lengths, dtype=">i4"), dtype=np.int64)
    buffers = [None, pa.py_buffer(np.concatenate([np.zeros(1, np.int64), ends])), pa.py_buffer(texts)]
    values = pa.Array.from_buffers(pa.large_string(), ends.size, buffers)
    return values if missing is None else pc.if_else(pa.array(missing), pa.scalar(None, pa.large_string()), values)
