"""What one row says in several cells together: filled in where one cell tells another, refused where two disagree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import polars as pl

from students.importing import cells
from students.importing.cells import CellProblem
from students.importing.plausibility import (
    MOST_YEARS_PLANNED,
    OLDEST,
    YOUNGEST,
    earliest_day,
    latest_day,
    years_after,
    years_before,
)
from students.importing.record_kinds import Kind

Found = tuple[str, CellProblem]

# The words of an attendance code that say at the same time whether the absence was excused.
_UNEXCUSED = r"unexcused|^ua?$|truant"
_EXCUSED = r"excused|^ea?$"
# The term behind it is told in a column of its own.
_SCHOOL_YEAR = (
    r"(?i)^(?:sy|ay|school year|year)?\s*(?P<first>\d{4}|\d{2})\s*[-/_\x{2013}\x{2014}]\s*(?P<last>\d{2}|\d{4})"
    r"(?:\s*school year|\s+(?:s|sem|semester|hs|q|quarter|t|trimester|term)\s*[1-4])?$"
)
# Of 90-91 and what follows, the century is the last one.
_FIRST_OF_LAST_CENTURY = 90
_ONE_YEAR = r"(?i)^(?:sy|ay|school year)\s*(\d{4})$"
_FIRST_AND_LAST = (("entered_on", "exited_on"), ("starts_on", "ends_on"), ("started_on", "ended_on"))


def numbers_of_grades(texts: pl.Series) -> pl.Series:
    """Return the grades that are numbers, without percent signs; letters and marks without a grade are left out."""
    if texts.cast(pl.Float64, strict=False).null_count() == texts.null_count():
        return texts
    points, is_ungraded = cells.letter_grades(texts)
    return texts.str.replace(r"\s*%$", "").set(points.is_not_null() | is_ungraded, None)


def last_years(texts: pl.Series) -> pl.Series:
    """Return school years by the year they end in: 2025-26, 2025/2026, 25/26, SY2026 and "2025-2026 School Year"."""
    parts = texts.str.extract_groups(_SCHOOL_YEAR)
    first, last = parts.struct.field("first"), parts.struct.field("last")
    # Of two digits the century is that of the year before: 1999-00 ends in 2000.
    said = first.cast(pl.Int64, strict=False)
    century = pl.when(said < _FIRST_OF_LAST_CENTURY).then(2000).otherwise(1900)
    begun = pl.when(first.str.len_bytes() == 2).then(said + century).otherwise(said)  # noqa: PLR2004
    ended = pl.when(last.str.len_bytes() == 2).then(begun // 100 * 100 + last.cast(pl.Int64, strict=False))  # noqa: PLR2004
    whole = ended.otherwise(last.cast(pl.Int64, strict=False))
    turned = pl.when(whole < begun).then(whole + 100).otherwise(whole)
    alone = texts.str.extract(_ONE_YEAR)
    follows = pl.when(turned == begun + 1).then(turned.cast(pl.String))
    return pl.select(pl.coalesce(follows, alone, texts).alias(texts.name)).to_series()


def completed(
    rows: pl.DataFrame, kind: Kind, *, texts: Mapping[str, pl.Series], today: date
) -> tuple[pl.DataFrame, list[Found]]:
    """Return the rows with what one cell says about another, and the rows that contradict themselves.

    Parameters
    ----------
    rows : DataFrame
        ParsedBatch rows, as many as were read.
    texts : mapping of column to Series of String
        The trimmed cells; columns that were typed already are left out.
    today : date
        The day at the institution: a last day after it is planned.
    """
    found: list[Found] = []
    if kind.name == "attendance":
        rows = _with_excuses(rows, texts["category"]) if "category" in texts else rows
        rows = _with_parts_excused(rows) if rows["n_excused"].null_count() < rows.height else rows
    if kind.name == "grades" and "value" in texts:
        rows = _with_letters(rows, texts["value"])
    if kind.name == "outcomes":
        none = rows["kind"].is_null() & rows["exit_code"].is_null()
        given = [texts[name] for name in ("kind", "exit_code") if name in texts]
        for text in given:
            none &= text.is_null()
        found.append(("kind", CellProblem(none, "missing", "an outcome or an exit code")))
    if "exited_on" in rows.columns:
        rows = _with_planned_exits(rows, today=today)
    for first, last in _FIRST_AND_LAST:
        if first in rows.columns and last in rows.columns:
            is_before = (rows[last] < rows[first]).fill_null(value=False)
            found.append((last, CellProblem(is_before, "ends_before_start", rows[first].cast(pl.String))))
    return _with_days_known(rows, kind), found


def _with_excuses(rows: pl.DataFrame, categories: pl.Series) -> pl.DataFrame:
    if categories.is_in(["absent", "tardy", "present"]).all():
        return rows
    said = categories.str.to_lowercase()
    excuse = pl.when(said.str.contains(_UNEXCUSED)).then(pl.lit(value=False)).when(said.str.contains(_EXCUSED))
    return rows.with_columns(pl.coalesce(pl.col("excused"), excuse.then(pl.lit(value=True))).alias("excused"))


def _with_planned_exits(rows: pl.DataFrame, *, today: date) -> pl.DataFrame:
    """Return the rows without last days that lie ahead; of enrolments they are kept as planned."""
    is_ahead = (pl.col("exited_on") > today).fill_null(value=False)
    if not rows.select(is_ahead.any()).item():
        return rows
    ends = [name for name in ("exited_on", "exit_reason", "exit_known_on") if name in rows.columns]
    planned = [pl.when(is_ahead).then("exited_on").otherwise("planned_exit_on").alias("planned_exit_on")]
    return rows.with_columns(
        *(planned if "planned_exit_on" in rows.columns else []),
        *(pl.when(~is_ahead).then(name).alias(name) for name in ends),
    )


def _with_parts_excused(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with a number of excused days only where some days were excused and others were not."""
    n, of = pl.col("n_excused"), pl.col("n_sessions").fill_null(1.0)
    is_part = (n > 0) & (n < of)
    return rows.with_columns(
        pl.when(is_part).then(pl.lit(value=False)).when(n >= of).then(n > 0).otherwise("excused").alias("excused"),
        pl.when(is_part).then(n).alias("n_excused"),
    )


def _with_letters(rows: pl.DataFrame, grades: pl.Series) -> pl.DataFrame:
    if rows["value"].null_count() == grades.null_count():
        return rows
    points, _is_ungraded = cells.letter_grades(grades)
    scale = pl.when(points.is_not_null()).then(pl.lit(cells.LETTER_SCALE)).otherwise(pl.col("scale_max"))
    return rows.with_columns(pl.coalesce(pl.col("value"), points).alias("value"), scale.alias("scale_max"))


def _with_days_known(rows: pl.DataFrame, kind: Kind) -> pl.DataFrame:
    """Return the rows with nothing known before it happened."""
    if kind.happened and "known_on" in rows.columns:
        rows = rows.with_columns(_not_before("known_on", kind.happened))
    if "exit_known_on" in rows.columns:
        known = pl.when(pl.col("exited_on").is_not_null()).then(_not_before("exit_known_on", "exited_on"))
        rows = rows.with_columns(known.alias("exit_known_on"))
    return rows


def _not_before(known: str, happened: str) -> pl.Expr:
    # A missing day compares as neither, so it stays missing.
    return pl.when(pl.col(known) < pl.col(happened)).then(pl.col(happened)).otherwise(pl.col(known)).alias(known)


def implausible(rows: pl.DataFrame, kind: Kind, *, today: date) -> Iterator[Found]:
    """Yield the cells that can be read but cannot be right: the rules of plausibility.RULES that one row can break."""
    tomorrow, planned = latest_day(kind.name, today=today), years_after(today, MOST_YEARS_PLANNED)
    for field in kind.fields:
        if field.type == "date":
            latest = planned if field.name == "planned_exit_on" else tomorrow
            yield from _implausible_days(rows[field.name], field.name, latest=latest)
    if "birth_on" in rows.columns:
        yield "birth_on", _implausible_age(rows["birth_on"], today=today)
        if "entered_on" in rows.columns:
            before = (rows["entered_on"] < rows["birth_on"]).fill_null(value=False)
            yield "entered_on", CellProblem(before, "before_birth", rows["birth_on"].cast(pl.String))
    if kind.name == "grades":
        scale = rows["scale_max"].fill_null(float(kind.field("scale_max").default))
        above = (rows["value"] > scale).fill_null(value=False)
        yield (
            "value",
            CellProblem(above, "grade_outside_scale", scale.round(4).cast(pl.String).str.replace(r"\.0$", "")),
        )


def _implausible_days(days: pl.Series, name: str, *, latest: date) -> Iterator[Found]:
    earliest = earliest_day(name)
    yield name, CellProblem((days < earliest).fill_null(value=False), "date_too_early", str(earliest))
    yield name, CellProblem((days > latest).fill_null(value=False), "date_in_future", str(latest))


def _implausible_age(births: pl.Series, *, today: date) -> CellProblem:
    youngest, oldest = years_before(today, YOUNGEST), years_before(today, OLDEST + 1)
    # Days outside the calendar of the living are told by the rules of dates already.
    is_date = (births >= earliest_day("birth_on")) & (births <= today)
    odd = is_date & ((births > youngest) | (births <= oldest))
    return CellProblem(odd.fill_null(value=False), "birth_age", f"{YOUNGEST} to {OLDEST}")
