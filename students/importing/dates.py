"""From the text of a date column to days: ISO first, else the one order of day and month that the column shows."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Literal

import polars as pl

from students.importing.file_errors import CellError, FileRefused
from students.importing.placeholder_dates import NO_DAY, TIME

Order = Literal["mdy", "dmy"]

ORDER_WORDS: Mapping[Order, str] = MappingProxyType({"mdy": "month/day/year", "dmy": "day/month/year"})
FORMAT_OF: Mapping[Order, str] = MappingProxyType({"mdy": "%m/%d/%Y", "dmy": "%d/%m/%Y"})
# Each of day, month and year once, with signs between: what a form of dates may be made of.
_FORMAT = re.compile(r"%[dmYy]([-/. ]?)%[dmYy]\1%[dmYy]")

# Above it the days that prove the other order are mistakes no longer: the column holds both. Up to it, cells with day
# and month in some order are odd ones in a column of another form.
_MOST_CONTRARY_SHARE = 0.05

# Of a time with its offset from UTC, which is some day here and perhaps another there.
_MOMENT = r"^\d{4}-\d{2}-\d{2}[T ]\s*\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:Z|[+-]\d{2}:?\d{2})$"
_MIDNIGHT_UTC = r"[T ]\s*00:00(?::00(?:\.0+)?)?\s*(?:Z|[+-]00:?00)$"
_PARTS = r"^(?P<first>\d{1,4})(?P<sign>[./-])(?P<second>\d{1,2})[./-](?P<third>\d{1,4})$"
_DAY_NAMED = r"^(?P<day>\d{1,2})[ ./-]+(?P<month>[A-Za-z]{3})[A-Za-z]{0,6}[ ./,-]+(?P<year>\d{4}|\d{2})$"
_NAMED_DAY = r"^(?P<month>[A-Za-z]{3})[A-Za-z]{0,6}\.? +(?P<day>\d{1,2}),? +(?P<year>\d{4}|\d{2})$"
# Day and month, in either order, before the year; with points the day always comes first.
_WITHOUT_ORDER = (
    (pl.col("sign") != ".") & (pl.col("first_length") <= 2) & pl.col("third_length").is_in([2, 4])  # noqa: PLR2004
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# Excel counts days from here; between these numbers lie 1954 and 2064.
_EXCEL_EPOCH = date(1899, 12, 30)
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 60_000
_DAY_ONE = date(1, 1, 1)


class AmbiguousDates(FileRefused):
    """Nothing in a column says whether the day or the month comes first."""

    def __init__(self, *, file: str, column: str, value: str) -> None:
        self.file = file
        super().__init__([CellError(None, column, value, "ambiguous_dates", file)])


@dataclass(frozen=True)
class Evidence:
    """What a column's texts say about the order of day and month.

    Attributes
    ----------
    order : "mdy", "dmy" or None
        None where both are possible.
    n_open : int
        Rows that can only be read once the order is known.
    example : str
        One of them.
    n_cells, n_proofs : int
        Rows with day and month in some order, and how many different texts prove one: 25/12/2024, 12/25/2024.
    """

    order: Order | None
    n_open: int = 0
    example: str = ""
    n_cells: int = 0
    n_proofs: int = 0

    def is_beside(self, n_given: int) -> bool:
        """Return whether so few of a column's filled cells are of this form that they say nothing about the others."""
        is_alone = self.n_proofs <= 1 and self.n_cells < n_given / 2
        return is_alone or self.n_cells <= _MOST_CONTRARY_SHARE * n_given


def iso_days(texts: pl.Series) -> pl.Series:
    """Return the days of texts like 2024-09-15, missing where a text is anything else.

    Parameters
    ----------
    texts : Series of String, trimmed

    Returns
    -------
    Series of Date, same length
    """
    # The parser also takes "24-9-15" and a sign; the length and the first day of the calendar leave those out.
    days = texts.str.to_date("%Y-%m-%d", strict=False)
    is_iso = (texts.str.len_bytes() == 10) & (days >= _DAY_ONE)
    return days if is_iso.all() else days.set(~is_iso.fill_null(value=False), None)


def local_days(texts: pl.Series, *, time_zone: str) -> pl.Series:
    """Return texts with the institution's own day in place of each moment that is told with its offset from UTC.

    Where every moment is midnight in UTC, a day was meant and written as a moment: it stays.

    Parameters
    ----------
    texts : Series of String, trimmed
    time_zone : str
        As the IANA database names it.
    """
    is_moment = texts.str.contains(_MOMENT).fill_null(value=False)
    if not is_moment.any():
        return texts
    moments = texts.filter(is_moment)
    if moments.str.contains(_MIDNIGHT_UTC).all():
        return texts
    plain = moments.str.replace(r"[T ]\s*", "T").str.replace(r"\s+", "").str.replace(r"Z$", "+00:00")
    plain = plain.str.replace(r"T(\d{2}:\d{2})([+-])", "T${1}:00$2").str.replace(r"\.\d+", "")
    plain = plain.str.replace(r"([+-]\d{2}):?(\d{2})$", "$1:$2")
    read = plain.str.to_datetime("%Y-%m-%dT%H:%M:%S%z", time_zone="UTC", strict=False)
    here = read.dt.convert_time_zone(time_zone).dt.date().dt.to_string("%Y-%m-%d")
    return texts.scatter(is_moment.arg_true(), pl.select(pl.coalesce(here, moments)).to_series())


def is_format(date_format: str) -> bool:
    """Return whether a form like "%d.%m.%Y" names a day, a month and a year, each once."""
    parts = sorted(date_format.lower()[place + 1] for place, sign in enumerate(date_format[:-1]) if sign == "%")
    return bool(_FORMAT.fullmatch(date_format)) and parts == ["d", "m", "y"]


def order_of(date_format: str) -> Order | None:
    """Return which comes first in a form of dates, day or month; None where the year comes first, or without one."""
    if not date_format or date_format.lower().startswith("%y"):
        return None
    return "mdy" if date_format.index("%m") < date_format.index("%d") else "dmy"


def evidence(texts: pl.Series, *, earliest: date, latest: date) -> Evidence:
    """Return in which order day and month stand in texts that are no ISO dates.

    Parameters
    ----------
    texts : Series of String
        Trimmed, without missing ones; repeated texts count as often as they stand.
    earliest, latest : date
        The days that are plausible. An order under which a day lies outside is wrong, if the other has none.
    """
    # 12/31/9999 is what a system writes, whatever the order in which people there write.
    parts = _parts(_counted(texts)).filter(_WITHOUT_ORDER & ~pl.col("bare").str.contains(NO_DAY))
    if parts.is_empty():
        return Evidence(None)
    is_day_first = (pl.col("first") > 12) & (pl.col("second") <= 12)
    is_month_first = (pl.col("second") > 12) & (pl.col("first") <= 12)
    n_day_first, n_month_first = _n(parts, is_day_first), _n(parts, is_month_first)
    in_doubt = parts.filter(pl.col("first").is_between(1, 12) & pl.col("second").is_between(1, 12))
    n_open = _n(in_doubt, pl.col("first") != pl.col("second"))
    order: Order | None = None
    if min(n_day_first, n_month_first) <= _MOST_CONTRARY_SHARE * max(n_day_first, n_month_first):
        order = "dmy" if n_day_first > n_month_first else "mdy" if n_month_first else None
    if order is None and not n_day_first and not n_month_first and n_open:
        order = _plausible_order(in_doubt["text"], earliest=earliest, latest=latest)
    n_proofs = parts.filter(is_day_first | is_month_first).height
    example = in_doubt["text"][0] if n_open else ""
    return Evidence(order, n_open, example, n_cells=int(parts["n"].sum()), n_proofs=n_proofs)


@dataclass(frozen=True, kw_only=True)
class Place:
    """A column of a file, with the header it has there."""

    file: str
    column: str
    header: str


class DateOrders:
    """The order of day and month in every column of an upload: found out once, then kept to.

    Parameters
    ----------
    note : callable
        Takes a sentence that tells the admin what was assumed.
    """

    def __init__(self, *, note: Callable[[str], None]) -> None:
        self._note = note
        self._orders: dict[tuple[str, str], Order] = {}

    def settled(self, place: Place, texts: pl.Series, *, n_given: int, earliest: date, latest: date) -> Order | None:
        """Return the order of a column, or None where only a few of its texts leave it open.

        A few odd cells in a column of another form decide nothing, neither for it nor for other columns.

        Parameters
        ----------
        texts : Series of String
            The cells that are no ISO dates, trimmed, without missing ones.
        n_given : int
            How many cells of the column are filled.
        earliest, latest : date
            The days that are plausible in this column.

        Raises
        ------
        AmbiguousDates
            If most cells of the column can be read in two ways, and no other column of the upload tells.
        """
        if (place.file, place.column) in self._orders:
            return self._orders[(place.file, place.column)]
        shown = evidence(texts, earliest=earliest, latest=latest)
        if shown.is_beside(n_given):
            return None
        order = shown.order or self._elsewhere(place.file)
        if order is not None and (shown.order or shown.n_open):
            self._keep(place, order)
        # A few such days in a column of another form are bad cells; a whole column of them is for a person to settle.
        if order is None and shown.n_open > n_given / 2:
            raise AmbiguousDates(file=place.file, column=place.header, value=shown.example)
        return order

    def _elsewhere(self, file: str) -> Order | None:
        same_file = {order for (other, _column), order in self._orders.items() if other == file}
        candidates = same_file or set(self._orders.values())
        return next(iter(candidates)) if len(candidates) == 1 else None

    def _keep(self, place: Place, order: Order) -> None:
        known = {kept for (file, _column), kept in self._orders.items() if file == place.file}
        self._orders[(place.file, place.column)] = order
        if order not in known:
            where = f'"{place.header}" of {place.file}' if known else place.file
            self._note(f"Dates in {where} were read as {ORDER_WORDS[order]}.")


def _counted(texts: pl.Series) -> pl.DataFrame:
    return texts.to_frame("text").group_by("text", maintain_order=True).len("n")


def _n(parts: pl.DataFrame, condition: pl.Expr) -> int:
    return int(parts.filter(condition)["n"].sum())


def _plausible_order(texts: pl.Series, *, earliest: date, latest: date) -> Order | None:
    fits: list[Order] = []
    for order in ORDER_WORDS:
        days = days_of(texts, order=order, latest=latest)
        if days.is_between(earliest, latest).all():
            fits.append(order)
    return fits[0] if len(fits) == 1 else None


def days_of(texts: pl.Series, *, order: Order | None, latest: date) -> pl.Series:
    """Return the days of texts in any of the forms that are read, missing where a text is none of them.

    Parameters
    ----------
    texts : Series of String, trimmed
    order : "mdy", "dmy" or None
        How 3/4/2024 is read; None leaves it missing unless one of the two is more than 12.
    latest : date
        A year of two digits is one of 2000 to 2099, or of 1900 to 1999 where that would be later than this day's year.

    Returns
    -------
    Series of Date, same length
    """
    unique = texts.drop_nulls().unique()
    if unique.is_empty():
        return pl.Series(texts.name, [None] * len(texts), dtype=pl.Date)
    parts = _parts(pl.DataFrame({"text": unique}))
    readings = [iso_days(parts["bare"]), _serials(parts["bare"]), _eight_digits(parts["bare"])]
    readings += [_ordered(parts, order, latest=latest), _with_month_names(parts["bare"], latest=latest)]
    days = pl.select(pl.coalesce(readings)).to_series()
    return texts.replace_strict(unique, days, default=None, return_dtype=pl.Date)


def ambiguous(texts: pl.Series) -> pl.Series:
    """Return which texts are a day only once the order is known, like 3/4/2024."""
    parts = _parts(texts.to_frame("text"))
    in_doubt = pl.col("first").is_between(1, 12) & pl.col("second").is_between(1, 12)
    is_doubtful = _WITHOUT_ORDER & in_doubt & (pl.col("first") != pl.col("second"))
    return parts.select(is_doubtful.fill_null(value=False)).to_series()


def _parts(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with the text without its time, and its three numbers, missing where it has none."""
    bare = pl.col("text").str.replace(TIME, "")
    return (
        frame.with_columns(bare.alias("bare"), bare.str.extract_groups(_PARTS).alias("parts"))
        .unnest("parts")
        .with_columns(
            pl.col("first").str.len_bytes().alias("first_length"),
            pl.col("third").str.len_bytes().alias("third_length"),
            pl.col("first", "second", "third").cast(pl.Int64, strict=False),
        )
    )


def _serials(bare: pl.Series) -> pl.Series:
    numbers = bare.set(~bare.str.contains(r"^\d{5}$"), None).cast(pl.Int64, strict=False)
    known = numbers.set(~numbers.is_between(_FIRST_SERIAL, _LAST_SERIAL).fill_null(value=False), None)
    offset = (_EXCEL_EPOCH - date(1970, 1, 1)).days
    return (known + offset).cast(pl.Int32).cast(pl.Date)


def is_serial(texts: pl.Series) -> bool:
    """Return whether one of the texts is a day as Excel counts them."""
    return bool(_serials(texts).is_not_null().any())


def _eight_digits(bare: pl.Series) -> pl.Series:
    return bare.set(~bare.str.contains(r"^\d{8}$"), None).str.to_date("%Y%m%d", strict=False)


def _ordered(parts: pl.DataFrame, order: Order | None, *, latest: date) -> pl.Series:
    first, second, third = pl.col("first"), pl.col("second"), pl.col("third")
    year_first = (pl.col("first_length") == 4) & (pl.col("third_length") <= 2)
    year_last = (pl.col("first_length") <= 2) & pl.col("third_length").is_in([2, 4])
    # Without an order only a number above 12 tells the day; without that too, nothing is read.
    by_order = {"mdy": pl.lit(value=False), "dmy": pl.lit(value=True)}
    day_first = (pl.col("sign") == ".") | (by_order[order] if order else first > 12)
    is_open = (pl.col("sign") != ".") & (first <= 12) & (second <= 12) & (first != second)
    readable = year_first | (year_last & ~is_open if order is None else year_last)
    chosen = parts.select(
        pl.when(year_first).then(first).when(readable).then(third).alias("year"),
        pl.when(year_first | day_first).then(second).otherwise(first).alias("month"),
        pl.when(year_first).then(third).when(day_first).then(first).otherwise(second).alias("day"),
        (year_last & (pl.col("third_length") == 2)).alias("short"),
    )
    return _calendar_days(chosen, latest=latest)


def _with_month_names(bare: pl.Series, *, latest: date) -> pl.Series:
    day_named, named_day = bare.str.extract_groups(_DAY_NAMED), bare.str.extract_groups(_NAMED_DAY)
    found = {
        part: pl.select(pl.coalesce(day_named.struct.field(part), named_day.struct.field(part))).to_series()
        for part in ("year", "month", "day")
    }
    months = (
        found["month"].str.to_lowercase().replace_strict(_MONTHS, range(1, 13), default=None, return_dtype=pl.Int64)
    )
    chosen = pl.DataFrame(
        {
            "year": found["year"].cast(pl.Int64),
            "month": months,
            "day": found["day"].cast(pl.Int64),
            "short": found["year"].str.len_bytes() == 2,
        }
    )
    return _calendar_days(chosen, latest=latest)


def _calendar_days(chosen: pl.DataFrame, *, latest: date) -> pl.Series:
    # By the year alone: a day of this year that lies ahead is told as one, and not taken for one of a century ago.
    century = pl.when(pl.col("year") + 2000 > latest.year).then(1900).otherwise(2000)
    year = pl.when("short").then(pl.col("year") + century).otherwise(pl.col("year")).cast(pl.String)
    month, day = pl.col("month").cast(pl.String), pl.col("day").cast(pl.String)
    # Through text, because a day that does not exist, like 30 February, then becomes missing and raises nothing.
    text = pl.concat_str(year.str.zfill(4), month.str.zfill(2), day.str.zfill(2), separator="-")
    found = chosen.select(text.str.to_date("%Y-%m-%d", strict=False)).to_series()
    return found.set((found < _DAY_ONE).fill_null(value=False), None)
