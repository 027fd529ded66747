"""From the text of a column to values of its type, and the cells that hold something else: whole columns at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import polars as pl

from students.importing.record_kinds import Field

# What databases and spreadsheets write where there is no value; a text may be somebody's name and stays.
MISSING_WORDS = ("null", "n/a", "na", "#n/a", "none", "-", "--", ".", "\\n")
YES_NO: Mapping[str, bool] = MappingProxyType(
    {
        **dict.fromkeys(("true", "t", "yes", "y", "1", "1.0", "x"), True),
        **dict.fromkeys(("false", "f", "no", "n", "0", "0.0"), False),
        # In the languages in which schools around write them.
        **dict.fromkeys(("ja", "j", "oui", "sí", "si", "sim", "sì", "tak", "evet", "kyllä"), True),
        **dict.fromkeys(("nein", "non", "não", "nao", "nee", "nej", "nei", "nie", "hayır", "ei"), False),
    }
)
# Letters on the scale of four points that schools in the United States use.
LETTER_POINTS: Mapping[str, float] = MappingProxyType(
    {
        **{"a+": 4.0, "a": 4.0, "a-": 3.7, "b+": 3.3, "b": 3.0, "b-": 2.7, "c+": 2.3, "c": 2.0, "c-": 1.7},
        **{"d+": 1.3, "d": 1.0, "d-": 0.7, "f": 0.0},
    }
)
LETTER_SCALE = 4.0
# A course that was passed, left or not finished has no grade; that is not a grade of zero.
UNGRADED = ("p", "pass", "passed", "cr", "credit", "w", "i", "inc", "incomplete", "ng", "au", "audit")

_DECIMAL_COMMA = r"^[+-]?\d+,\d+$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:[,.'\x{2019}\x{a0}\x{202f} ]\d{3})+(?:[.,]\d+)?$"
_CONTROL = "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_DTYPES = {"text": pl.String, "word": pl.String, "number": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}


@dataclass(frozen=True)
class CellProblem:
    """The cells of one column that share a problem.

    Attributes
    ----------
    mask : Series of Boolean, one value per row, without missing ones
    problem : str
        A key of file_errors.SENTENCES.
    allowed : str or Series of String
        What may stand there, for all or row by row.
    """

    mask: pl.Series
    problem: str
    allowed: str | pl.Series = ""


@dataclass(frozen=True)
class Cells:
    """A column after typing: values, missing where a cell is empty or bad, and which are bad."""

    values: pl.Series
    bad: list[CellProblem] = field(default_factory=list)


def dtype_of(column: Field) -> type[pl.DataType]:
    """Return the polars type of a column's values."""
    return _DTYPES[column.type]


def default_of(column: Field) -> str | float | bool:
    """Return what an empty cell of a column means."""
    if column.type == "number":
        return float(column.default)
    return YES_NO[column.default] if column.type == "boolean" else column.default


def trimmed(raw: pl.Series) -> pl.Series:
    """Return texts without white space at their ends, missing where nothing is left."""
    texts = raw.str.strip_chars()
    empty = texts.str.len_bytes() == 0
    return texts.set(empty, None) if empty.any() else texts


def text_cells(texts: pl.Series, column: Field) -> Cells:
    """Return texts that a page and a database can hold. Markup stays as it is: pages escape it."""
    bad = []
    # Bytes are counted at no cost and are never fewer than characters.
    longest = texts.str.len_bytes().max()
    if isinstance(longest, int) and longest > column.longest:
        bad.append(_bad(texts.str.len_chars() > column.longest, "too_long", f"{column.longest} characters"))
    bad.append(_bad(texts.str.contains(_CONTROL), "control_character"))
    return Cells(texts, bad)


def word_cells(texts: pl.Series, column: Field) -> Cells:
    """Return words of the column's list, aliases replaced, whatever their case."""
    values = texts.replace_strict(column.allowed, column.allowed, default=None, return_dtype=pl.String)
    rest = values.is_null() & texts.is_not_null()
    if not rest.any():
        return Cells(values)
    words = {**{word: word for word in column.allowed}, **dict(column.aliases)}
    words |= {word.replace("_", " "): word for word in column.allowed}
    plain = plain_words(texts)
    values = plain.replace_strict(words, default=None, return_dtype=pl.String)
    unread = values.is_null() & plain.is_not_null() & ~plain.is_in(MISSING_WORDS)
    return Cells(values, [_bad(unread, "not_allowed", ", ".join(column.allowed))])


def plain_word(text: str) -> str:
    """Return a text in lower case with single spaces, as `plain_words` does for many."""
    return " ".join(text.lower().replace("_", " ").split())


def plain_words(texts: pl.Series) -> pl.Series:
    """Return texts in lower case with single spaces."""
    return texts.str.to_lowercase().str.replace_all(r"[\s_]+", " ")


def boolean_cells(texts: pl.Series, column: Field) -> Cells:
    """Return yes and no in any of the usual spellings."""
    values = texts.replace_strict(YES_NO, default=None, return_dtype=pl.Boolean)
    rest = values.is_null() & texts.is_not_null()
    if not rest.any():
        return Cells(values)
    plain = texts.str.to_lowercase()
    values = plain.replace_strict(YES_NO, default=None, return_dtype=pl.Boolean)
    unread = values.is_null() & plain.is_not_null() & ~plain.is_in(MISSING_WORDS)
    return Cells(values, [_bad(unread, "not_yes_no", column.words)])


def has_decimal_commas_only(texts: pl.Series) -> bool:
    """Return whether a column writes 12,5 and nowhere 12.5."""
    has_comma = bool(texts.str.contains(_DECIMAL_COMMA).any())
    return has_comma and not texts.str.contains(".", literal=True).any()


def numbers(texts: pl.Series) -> pl.Series:
    """Return which texts are numbers, with a decimal point or a decimal comma."""
    values = texts.str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    return values.is_finite().fill_null(value=False)


def plain_numbers(texts: pl.Series) -> pl.Series:
    """Return numbers with a decimal point or comma, missing where a text is none."""
    if texts.dtype != pl.String:
        return texts.cast(pl.Float64)
    return texts.str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def number_cells(texts: pl.Series, column: Field, *, decimal_comma: bool) -> Cells:
    """Return numbers within the column's bounds.

    Parameters
    ----------
    texts : Series of String, trimmed
    column : Field
    decimal_comma : bool
        Whether 12,5 is twelve and a half; then 12.5 is refused, because it may mean something else.
    """
    read = texts
    if decimal_comma:
        read = texts.str.replace(",", ".", literal=True).set(texts.str.contains(".", literal=True), None)
    values = read.cast(pl.Float64, strict=False)
    values = values.set(~values.is_finite().fill_null(value=True), None)
    rest = values.is_null() & texts.is_not_null()
    bad = _unread_numbers(texts, rest) if rest.any() else []
    return Cells(values, [*bad, *out_of_bounds(values, column)])


def _unread_numbers(texts: pl.Series, rest: pl.Series) -> list[CellProblem]:
    rest = rest & ~texts.str.to_lowercase().is_in(MISSING_WORDS).fill_null(value=False)
    thousands = rest & texts.str.contains(_THOUSANDS).fill_null(value=False)
    comma = rest & ~thousands & texts.str.contains(_DECIMAL_COMMA).fill_null(value=False)
    return [
        _bad(thousands, "thousands_separator", texts.str.replace_all(r"[,.'\x{2019}\x{a0}\x{202f} ]", "")),
        _bad(comma, "decimal_comma", texts.str.replace(",", ".", literal=True)),
        _bad(rest & ~thousands & ~comma, "not_a_number"),
    ]


def out_of_bounds(values: pl.Series, column: Field) -> list[CellProblem]:
    """Return the numbers below or above what the column may hold."""
    low, high = column.low, column.high
    if low is None and high is None:
        return []
    outside = pl.repeat(value=False, n=len(values), eager=True)
    if low is not None:
        outside |= (values < low).fill_null(value=False)
    if high is not None:
        outside |= (values > high).fill_null(value=False)
    words = f"{low:g} to {high:g}" if low is not None and high is not None else f"{low or 0:g} or more"
    return [_bad(outside, "out_of_range", words if low is not None else f"{high:g} or less")]


def letter_grades(texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the points of letter grades (missing where a text is none), and which texts are no grade at all.

    Parameters
    ----------
    texts : Series of String, trimmed

    Returns
    -------
    tuple of Series of Float64 in [0, 4] and Series of Boolean
    """
    plain = texts.str.to_lowercase().str.replace_all(r"\s+", "").str.replace_all("[\u2212\u2013]", "-")
    points = plain.replace_strict(LETTER_POINTS, default=None, return_dtype=pl.Float64)
    return points, plain.is_in(UNGRADED).fill_null(value=False)


def allowed_words(column: Field) -> str:
    """Return in words what a column holds."""
    if column.allowed:
        return ", ".join(column.allowed)
    by_type = {"number": "a number", "date": "a date like 2024-09-15", "boolean": "yes or no"}
    return column.words or by_type.get(column.type, "text")


def _bad(mask: pl.Series, problem: str, allowed: str | pl.Series = "") -> CellProblem:
    return CellProblem(mask.fill_null(value=False), problem, allowed)
