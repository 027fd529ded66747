"""When each student began and ended at each school, gathered from the enrolments in single classes."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.oneroster_bundle import Bundle, Part, who
from students.importing.oneroster_schools import Schools

_EARLIEST = date(1990, 1, 1)
# Gathered stretches are merged when there are this many, so that the table stays as long as there are students.
_MOST_STRETCHES = 8
_ROLES = (
    *("administrator", "proctor", "student", "teacher"),
    *("aide", "counselor", "guardian", "parent", "principal", "relative"),
)
_KEY = ("who", "school")
_SCHEMA = pl.Schema(
    {
        "who": pl.UInt64(),
        "school": pl.Categorical(),
        "first_on": pl.Date(),
        "last_on": pl.Date(),
        "left_on": pl.Date(),
        "n_open": pl.UInt32(),
        "line": pl.Int64(),
    }
)


class ClassEnrolments:
    """The class enrolments of students, one row per student and school.

    Parameters
    ----------
    class_ends : DataFrame
        ``class`` and ``class_ends_on`` (Date, the last day of its last term).
    students : DataFrame or None
        ``who`` of all students, if the bundle holds all; a class enrolment of somebody else is a fault.
    """

    def __init__(
        self, *, schools: Schools, class_ends: pl.DataFrame, students: pl.DataFrame | None, today: date
    ) -> None:
        self._schools = schools
        self._class_ends = class_ends
        self._students = students
        self._today = today
        self._stretches: list[pl.DataFrame] = []

    def gather(self, bundle: Bundle, *, ledger: BatchLedger) -> None:
        """Read enrollments.csv to its end."""
        for part in bundle.parts("enrollments"):
            self._stretches.append(self._stretch(part, ledger))
            if len(self._stretches) >= _MOST_STRETCHES:
                self._stretches = [self._merged()]

    def frame(self) -> pl.DataFrame:
        """Return what was gathered.

        Returns
        -------
        DataFrame, one row per student and school
            ``who``, ``school``; ``first_on``, ``last_on`` (Date, the first and the last day in any class);
            ``left_on`` (Date, the last day in a class that the student left before it ended); ``n_open`` (how many
            classes have not ended); ``line`` (of the first).
        """
        return self._merged()

    def _merged(self) -> pl.DataFrame:
        stretches = pl.concat([pl.DataFrame(schema=_SCHEMA), *self._stretches])
        merged = stretches.group_by(*_KEY).agg(
            pl.col("first_on").min(),
            pl.col("last_on").max(),
            pl.col("left_on").max(),
            pl.col("n_open").sum(),
            pl.col("line").min(),
        )
        return merged.cast(_SCHEMA)

    def _stretch(self, part: Part, ledger: BatchLedger) -> pl.DataFrame:
        rows = self._of_students(part, ledger)
        rows = self._with_days(rows, part.file, ledger).join(
            self._class_ends, left_on="classSourcedId", right_on="class", how="left"
        )
        # The end is the day after the last one, says the standard.
        last = pl.col("end") - timedelta(days=1)
        has_ended = last.is_not_null() & (last < self._today)
        is_early = has_ended & (pl.col("class_ends_on").is_null() | (last < pl.col("class_ends_on")))
        return (
            rows.group_by("who", pl.col("school").cast(pl.Categorical()))
            .agg(
                pl.col("begin").min().alias("first_on"),
                last.max().alias("last_on"),
                last.filter(is_early).max().alias("left_on"),
                (~has_ended).sum().cast(pl.UInt32).alias("n_open"),
                pl.col("line").min(),
            )
            .cast(_SCHEMA)
        )

    def _of_students(self, part: Part, ledger: BatchLedger) -> pl.DataFrame:
        role = pl.col("role").str.to_lowercase()
        rows = part.rows
        unknown = rows.filter(~role.is_in(list(_ROLES)) & ~role.str.starts_with("ext:") | role.is_null())
        allowed = "administrator, proctor, student, teacher"
        ledger.note(
            faults=faults_of(
                unknown, file=part.file, column="role", value="role", problem="not_allowed", allowed=allowed
            )
        )
        rows = rows.filter(role == "student").with_columns(who("userSourcedId"))
        if self._students is not None:
            strangers = rows.join(self._students, on="who", how="anti")
            column = "userSourcedId"
            ledger.note(
                faults=faults_of(
                    strangers, file=part.file, column=column, value=column, problem="oneroster_unknown_student"
                )
            )
            rows = rows.join(self._students, on="who", how="semi")
        placed = self._schools.located(rows, "schoolSourcedId")
        nowhere = placed.filter(pl.col("school").is_null())
        ledger.note(faults=self._schools.faults(nowhere, file=part.file, column="schoolSourcedId"))
        return placed.filter(pl.col("school").is_not_null())

    def _with_days(self, rows: pl.DataFrame, file: str, ledger: BatchLedger) -> pl.DataFrame:
        """Return the rows with ``begin`` and ``end``; one impossible day of a class must not move the school's."""
        latest = self._today + timedelta(days=2 * 366)
        for column, day in (("beginDate", "begin"), ("endDate", "end")):
            days = dates.iso_days(rows[column].str.slice(0, 10))
            is_possible = days.is_between(_EARLIEST, latest)
            wrong = rows.filter(days.is_null() & rows[column].is_not_null())
            ledger.note(faults=faults_of(wrong, file=file, column=column, value=column, problem="not_a_date"))
            beyond = rows.filter(~is_possible.fill_null(value=True))
            allowed = f"{_EARLIEST.year} to {latest.year}"
            ledger.note(
                faults=faults_of(
                    beyond, file=file, column=column, value=column, problem="date_out_of_range", allowed=allowed
                )
            )
            rows = rows.with_columns(days.set(~is_possible.fill_null(value=False), None).alias(day))
        return rows
