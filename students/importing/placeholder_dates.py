"""What systems write into a date column where there is no day: the end of a far year, or nothing but zeros."""

from __future__ import annotations

from datetime import date

import polars as pl

# A time at the end of a text, with or without its offset from UTC.
TIME = r"[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[AaPp]\.?[Mm]\.?)?\s*(?:Z|[+-]\d{2}:?\d{2})?$"
# Readers of other formats keep the day before the one that their file tells as the end.
_FAR_YEARS = (2099, 2999, 9999)
_NO_DAYS = [date(year, 12, day) for year in _FAR_YEARS for day in (31, 30)]
_FAR = "(?:2099|2999|9999)"
NO_DAY = (
    rf"(?i)^(?:{_FAR}[-/. ]?12[-/. ]?31|(?:31[-/. ]?12|12[-/. ]?31)[-/. ]?(?:99|{_FAR})"
    rf"|31[-/. ]+dec[a-z]*[-/., ]+(?:99|{_FAR})|dec[a-z]*[. ]+31,? +(?:99|{_FAR})"
    r"|0{1,2}[-/.]0{1,2}[-/.](?:00|0000)|0000[-/.]0{1,2}[-/.]0{1,2}|0{8})$"
)


def placeholders(texts: pl.Series, days: pl.Series, *, is_birth: bool) -> pl.Series:
    """Return which texts are no day but stand for one that is not there: 9999-12-31, 12/31/2099, 31/12/99, 00/00/0000.

    Parameters
    ----------
    texts : Series of String, trimmed
    days : Series of Date, same length
        The days of those that are ISO dates.
    is_birth : bool
        Of a birth, 31/12/99 is a day like any other.
    """
    are = days.is_in(_NO_DAYS).fill_null(value=False)
    rest = days.is_null() & texts.is_not_null()
    if not rest.any():
        return are
    bare = texts.filter(rest).str.replace(TIME, "")
    found = bare.str.contains(NO_DAY)
    if is_birth:
        found &= ~bare.str.contains(r"\D99$")
    return are.scatter(rest.arg_true(), found)


def are_far_ends(days: pl.Series) -> pl.Series:
    """Return which days stand for "no end", among days that a reader has read already."""
    return days.is_in(_NO_DAYS).fill_null(value=False)
