"""Type the cells of a flat cohort by its schema and find all bad ones at once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from students.importing.cohort_schema import CohortSchema, Column

# What the database keeps of each kind of text.
LONGEST_TEXT = {"identifier": 100, "school": 100, "given_name": 150, "family_name": 150, "grade_level": 20}
LONGEST_OTHER_TEXT = 200
EARLIEST_DATE = pd.Timestamp("1900-01-01")
LATEST_DATE = pd.Timestamp("2100-12-31")

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]

_NUMBER = r"[+-]?([0-9]{1,40}\.?[0-9]{0,40}|\.[0-9]{1,40})([eE][+-]?[0-9]{1,3})?"
_DECIMAL_COMMA = r"[+-]?[0-9]{1,40},[0-9]{1,40}"
_YES_NO = {"1": 1.0, "yes": 1.0, "true": 1.0, "1.0": 1.0, "0": 0.0, "no": 0.0, "false": 0.0, "0.0": 0.0}
_MOST_LEVELS_NAMED = 12
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True)
class TypedColumn:
    """One column of the file after typing.

    Attributes
    ----------
    column : Column
        What the schema says of it.
    values : Series of shape (n_rows,)
        float64 for numbers and yes-no (1.0, 0.0), datetime64 for dates, str otherwise; missing where the cell is
        empty or unreadable.
    text : Series of shape (n_rows,), str
        The cell without surrounding white space, missing where empty; yes-no as "1" and "0".
    faults : dict of problem to mask of shape (n_rows,)
        Cells that hold something the type cannot be. A cell is in one mask at most.
    """

    column: Column
    values: pd.Series
    text: pd.Series
    faults: dict[str, Mask] = field(default_factory=dict)


@dataclass(frozen=True)
class Faults:
    """Where one problem was found in one column: row positions."""

    problem: str
    place: int
    rows: Positions


def typed_columns(raw: pd.DataFrame, schema: CohortSchema) -> list[TypedColumn]:
    """Return the schema's columns that stand in the file, typed, without the ignored ones.

    Parameters
    ----------
    raw : DataFrame of str, one row per student
        Cells as in the file, columns named by their headers.
    schema : CohortSchema
        The types and the words that mean "missing".
    """
    empty = ["", *schema.missing_values]
    typed = []
    for column in schema.columns:
        if column.kind != "ignored" and column.header in raw.columns:
            cells = raw[column.header].str.strip()
            typed.append(_typed(column, cells.mask(cells.isin(empty))))
    return typed


def _typed(column: Column, text: pd.Series) -> TypedColumn:
    if column.type in ("integer", "number"):
        return _typed_number(column, text)
    if column.type == "boolean":
        values = text.str.lower().map(_YES_NO).astype("float64")
        faults = {"not_yes_no": _mask(values.isna() & text.notna())}
        return TypedColumn(column, values, values.map({1.0: "1", 0.0: "0"}).astype("str"), faults)
    if column.type == "date":
        iso = text.where(text.str.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", na=False))
        days = pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
        return TypedColumn(column, days, text, {"not_a_date": _mask(days.isna() & text.notna())})
    return TypedColumn(column, text, text)


def _typed_number(column: Column, text: pd.Series) -> TypedColumn:
    readable = text.str.fullmatch(_NUMBER, na=False)
    values = pd.to_numeric(text.where(readable), errors="coerce").astype("float64")
    values = values.mask(np.isinf(values))
    bad = values.isna() & text.notna()
    comma = bad & text.str.fullmatch(_DECIMAL_COMMA, na=False)
    faults = {"decimal_comma": _mask(comma), "not_a_number": _mask(bad & ~comma)}
    if column.type == "integer":
        faults["not_whole"] = _mask(values.notna() & (values % 1 != 0))
    return TypedColumn(column, values, text, faults)


def _mask(series: pd.Series) -> Mask:
    return series.to_numpy(dtype=np.bool_, na_value=False)


def pandera_schema(columns: list[Column]) -> pa.DataFrameSchema:
    """Return the pandera schema of the typed frame; the error of each check is the problem's key."""
    return pa.DataFrameSchema(
        {
            str(column.name): pa.Column(
                checks=list(_checks(column)),
                nullable=not column.required,
            )
            for column in columns
        }
    )


def _checks(column: Column) -> Iterator[pa.Check]:
    if column.minimum is not None:
        yield pa.Check.greater_than_or_equal_to(column.minimum, error="out_of_range")
    if column.maximum is not None:
        yield pa.Check.less_than_or_equal_to(column.maximum, error="out_of_range")
    levels = allowed_levels(column)
    if levels:
        yield pa.Check.isin(levels, error="not_allowed")
    if column.type == "date":
        yield pa.Check.in_range(EARLIEST_DATE, LATEST_DATE, error="date_out_of_range")
    if column.type in ("text", "category") and not levels:
        yield pa.Check.str_length(max_value=longest_text(column), error="too_long")


def longest_text(column: Column) -> int:
    """Return how many characters a text of this column may have."""
    return LONGEST_TEXT.get(column.kind, LONGEST_OTHER_TEXT)


def allowed_levels(column: Column) -> list[str]:
    """Return the codes a category may hold; none where every code is allowed."""
    if column.outcome is not None and column.outcome.values:
        return list(column.outcome.values)
    return list(column.levels)


def cell_faults(typed: list[TypedColumn]) -> list[Faults]:
    """Return the bad cells, each once.

    The rows are checked in portions, because pandera lists every failure: with a wrong schema that is every cell.
    """
    schema = pandera_schema([one.column for one in typed])
    n_rows = max((len(one.values) for one in typed), default=0)
    found: list[Faults] = []
    for start in range(0, n_rows, _ROWS_AT_ONCE):
        found += [*_type_faults(typed, start), *_value_faults(typed, schema, start)]
    return found


def _type_faults(typed: list[TypedColumn], start: int) -> Iterator[Faults]:
    for place, one in enumerate(typed):
        for problem, mask in one.faults.items():
            rows = np.flatnonzero(mask[start : start + _ROWS_AT_ONCE]) + start
            if len(rows):
                yield Faults(problem, place, rows)


def _value_faults(typed: list[TypedColumn], schema: pa.DataFrameSchema, start: int) -> list[Faults]:
    portion = slice(start, start + _ROWS_AT_ONCE)
    try:
        schema.validate(pd.DataFrame({str(one.column.name): one.values.iloc[portion] for one in typed}), lazy=True)
    except SchemaErrors as found:
        return list(_pandera_faults(found.failure_cases, typed))
    return []


def _pandera_faults(cases: pd.DataFrame, typed: list[TypedColumn]) -> Iterator[Faults]:
    places = {str(one.column.name): place for place, one in enumerate(typed)}
    for key, group in cases.groupby(["column", "check"], sort=False):
        name, check = (str(part) for part in key)
        place = places[name]
        rows = group["index"].to_numpy(dtype=np.int64)
        # A cell that could not be read is missing from the typed frame, but its own problem is told already.
        for mask in typed[place].faults.values():
            rows = rows[~mask[rows]]
        if len(rows):
            yield Faults("missing" if check == "not_nullable" else check, place, rows)


def what_is_allowed(problem: str, column: Column) -> str:
    """Return in words what a cell with such a problem should have been."""
    if problem == "too_long":
        return f"{longest_text(column)} characters"
    return allowed_words(column)


def allowed_words(column: Column) -> str:
    """Return in words what a column may hold."""
    levels = allowed_levels(column)
    if levels:
        named = ", ".join(levels[:_MOST_LEVELS_NAMED])
        more = len(levels) - _MOST_LEVELS_NAMED
        return f"{named} and {more} more" if more > 0 else named
    if column.type == "date":
        return f"{EARLIEST_DATE:%Y-%m-%d} to {LATEST_DATE:%Y-%m-%d}"
    if column.minimum is not None and column.maximum is not None:
        return f"{column.minimum:g} to {column.maximum:g}"
    if column.minimum is not None:
        return f"{column.minimum:g} or more"
    if column.maximum is not None:
        return f"{column.maximum:g} or less"
    return {"integer": "a whole number", "number": "a number", "boolean": "yes or no"}.get(column.type, "text")
