"""From roles and class enrolments to one enrolment per student and school, with its first and its last day."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

# Schools at which only classes show a student come after those the roster names.
_ONLY_CLASSES = 1000
_KEY = ["who", "school"]


def enrolments(
    places: pl.DataFrame, classes: pl.DataFrame | None, *, today: date, year_start: date | None
) -> tuple[pl.DataFrame, int]:
    """Return the enrolments of all students, at most one of them open per student.

    The first day is that of the role, else of the first class, else `year_start`, else missing: then the open
    enrolment that the portal has at that school goes on. The last day is that of a role that has ended, else, where
    no class goes on and the last one was left before its term ended, the last day in it. Classes that ran to the end
    of their term say nothing: nobody leaves a school by a summer holiday.

    Parameters
    ----------
    places : DataFrame
        As Students.places.
    classes : DataFrame or None
        As ClassEnrolments.frame; None where the bundle does not hold all class enrolments.
    today : date
    year_start : date or None

    Returns
    -------
    rows : DataFrame
        ``who``, ``student_id``, ``school_id``, ``entered_on``, ``exited_on`` (Date), ``line``, ``is_of_classes``
        (Boolean: the line is one of enrollments.csv).
    n_second_schools : int
        How many open enrolments were left out because the student has another one.
    """
    rows = _days(_joined(places, classes), today=today, year_start=year_start)
    is_open = pl.col("exited_on").is_null()
    in_order = rows.sort("who", ~is_open, ~pl.col("has_class"), "rank", "line", nulls_last=True)
    n_before = pl.int_range(pl.len()).over("who")
    kept = in_order.filter(~is_open | (n_before == 0))
    columns = ["who", "student_id", "school_id", "entered_on", "exited_on", "line", "is_of_classes"]
    return kept.rename({"school": "school_id"}).select(columns), len(in_order) - len(kept)


def _joined(places: pl.DataFrame, classes: pl.DataFrame | None) -> pl.DataFrame:
    if classes is None:
        nothing = [pl.lit(None, dtype=pl.Date()).alias(name) for name in ("first_on", "last_on", "left_on")]
        return places.with_columns(
            *nothing, pl.lit(0, dtype=pl.UInt32()).alias("n_open"), pl.lit(value=False).alias("is_of_classes")
        )
    with_classes = places.join(classes.drop("line"), on=_KEY, how="left").with_columns(
        pl.col("n_open").fill_null(0), pl.lit(value=False).alias("is_of_classes")
    )
    names = places.select("who", "student_id").unique("who")
    others = (
        classes.join(places, on=_KEY, how="anti")
        .join(names, on="who")
        .with_columns(
            pl.lit(None, dtype=pl.Date()).alias("begin"),
            # The roster does not name this school any more: the last day in its classes was the last day there.
            pl.when(pl.col("n_open") == 0).then(pl.col("last_on") + timedelta(days=1)).alias("end"),
            pl.lit(_ONLY_CLASSES, dtype=pl.UInt32()).alias("rank"),
            pl.lit(value=True).alias("is_of_classes"),
        )
    )
    return pl.concat([with_classes, others.select(with_classes.columns)])


def _days(rows: pl.DataFrame, *, today: date, year_start: date | None) -> pl.DataFrame:
    last_of_role = pl.col("end") - timedelta(days=1)
    left_by_role = pl.when(pl.col("end") <= today).then(last_of_role)
    has_left = (pl.col("n_open") == 0) & (pl.col("left_on") == pl.col("last_on"))
    # A role that has begun anew after the classes were left is another stay.
    is_later = pl.col("begin").is_not_null() & (pl.col("begin") > pl.col("left_on"))
    left_classes = pl.when(has_left & ~is_later.fill_null(value=False)).then(pl.col("left_on"))
    known_entry = pl.coalesce("begin", "first_on")
    # Leaving on the day of entry is a stay of one day, not one that ends before it begins.
    exited = pl.coalesce(left_by_role, left_classes)
    exited = pl.when(exited.is_not_null()).then(pl.max_horizontal(exited, known_entry))
    assumed = pl.min_horizontal(pl.lit(year_start, dtype=pl.Date()), exited) if year_start else pl.lit(None)
    return rows.with_columns(
        pl.coalesce(known_entry, assumed).alias("entered_on"),
        exited.alias("exited_on"),
        (pl.col("n_open") > 0).alias("has_class"),
    )
