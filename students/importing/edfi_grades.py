"""Grades of an Ed-Fi export: those of grading periods, and those of transcripts with their credits."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch
from students.importing.edfi_calendar import Calendar
from students.importing.edfi_descriptors import code, entries
from students.importing.edfi_resources import Resources
from students.importing.school_words import CORE_SUBJECT, short_terms

_LONGEST_ID = 100
_LONGEST_COURSE = 120
_HEADERS = {
    "student_id": "studentUniqueId",
    "school_id": "schoolId",
    "course": "localCourseCode",
    "value": "numericGradeEarned",
    "awarded_on": "currentGradeAsOfDate",
}
_TRANSCRIPT_HEADERS = {
    "student_id": "studentUniqueId",
    "course": "courseTitle",
    "value": "finalNumericGradeEarned",
    "credits_attempted": "attemptedCredits",
    "credits_earned": "earnedCredits",
}


class Grades:
    """The grades; courses and their offerings give them titles, the calendar gives them a day."""

    def __init__(self, resources: Resources, *, calendar: Calendar, today: date, ledger: BatchLedger) -> None:
        self._resources = resources
        self._calendar = calendar
        self._today = today
        self._ledger = ledger

    def batches(self) -> Iterator[Batch]:
        """Yield the grades of grading periods, then those of transcripts."""
        if "grades" in self._resources.names:
            yield from self._of_periods()
        if "courseTranscripts" in self._resources.names:
            yield from self._of_transcripts()

    def _courses(self) -> pl.DataFrame:
        rows = self._resources.table("courses").unique("code", keep="last")
        subjects = entries(code(pl.coalesce("subjects", "subject")))
        is_core = subjects.list.eval(pl.element().str.contains(CORE_SUBJECT)).list.any()
        return rows.select("code", pl.col("title").alias("course_title"), is_core.alias("core"))

    def _offerings(self) -> pl.DataFrame:
        rows = self._resources.table("courseOfferings").unique(["local", "school"], keep="last")
        courses = rows.join(self._courses(), on="code", how="left")
        title = pl.coalesce("title", "course_title").alias("course_title")
        return courses.select("local", "school", title, "core")

    def _of_periods(self) -> Iterator[Batch]:
        offerings, ends = self._offerings(), self._period_ends()
        for rows in self._resources.parts("grades"):
            rows = rows.with_columns(code(pl.col("period")), code(pl.col("type")))
            rows = rows.with_columns(
                pl.coalesce("name", "period").alias("named"),
                short_terms(rows.select(pl.coalesce(code(pl.col("period")), "name")).to_series()).alias("term"),
                *(
                    dates.iso_days(rows[column].str.slice(0, 10)).alias(day)
                    for column, day in (("as_of", "as_of_day"), ("modified", "modified_day"))
                ),
            )
            rows = rows.join(offerings, on=["local", "school"], how="left", maintain_order="left")
            rows = rows.join(ends, on=["school", "year", "term"], how="left", maintain_order="left")
            rows = rows.with_columns(self._awarded_on().alias("awarded_on"))
            rows = self._dated(rows, column="gradingPeriodReference")
            yield self._ledger.batch(
                "grades", rows.select(*self._columns(), _natural_key().alias("source_id")), headers=_HEADERS
            )

    def _period_ends(self) -> pl.DataFrame:
        """Return when each grading period of a school ends; without those, when its session does."""
        periods = self._calendar.periods.select("school", "year", "term", "ends_on")
        sessions = self._calendar.sessions.select("school", "year", "term", "ends_on")
        return pl.concat([periods, sessions]).unique(["school", "year", "term"], keep="first", maintain_order=True)

    def _awarded_on(self) -> pl.Expr:
        # A grade of a period that goes on is known since it was last entered; tomorrow's upload must say the same day.
        over = pl.when(pl.col("ends_on") <= self._today).then("ends_on")
        return pl.coalesce(
            "as_of_day", over, "modified_day", pl.when(pl.col("ends_on").is_not_null()).then(self._today)
        )

    def _dated(self, rows: pl.DataFrame, *, column: str) -> pl.DataFrame:
        lost = rows.filter(pl.col("awarded_on").is_null())
        if len(lost):
            self._ledger.note(
                faults=faults_of(
                    lost, file=str(lost["file"][0]), column=column, value="term", problem="edfi_grade_without_day"
                )
            )
        return rows.filter(pl.col("awarded_on").is_not_null())

    @staticmethod
    def _columns() -> list[pl.Expr]:
        return [
            pl.col("student").alias("student_id"),
            pl.col("school").alias("school_id"),
            pl.col("awarded_on"),
            pl.coalesce("course_title", "local").str.slice(0, _LONGEST_COURSE).alias("course"),
            pl.col("term"),
            pl.coalesce("number", "letter").alias("value"),
            pl.col("core"),
            pl.col("file"),
            pl.col("line"),
        ]

    def _of_transcripts(self) -> Iterator[Batch]:
        courses, ends = self._courses(), self._calendar.ends_of_terms()
        schools = self._resources.table("schools").select("school", pl.lit(value=True).alias("is_school")).unique()
        anywhere = ends.group_by("year", "term").agg(pl.col("ends_on").max().alias("ends_anywhere"))
        for rows in self._resources.parts("courseTranscripts"):
            rows = rows.with_columns(short_terms(rows.select(code(pl.col("term"))).to_series()).alias("term"))
            rows = rows.join(courses, on="code", how="left", maintain_order="left")
            rows = rows.join(ends, on=["school", "year", "term"], how="left", maintain_order="left")
            # The record may be the district's, which has no sessions of its own.
            rows = rows.join(anywhere, on=["year", "term"], how="left", maintain_order="left")
            awarded = pl.min_horizontal(pl.coalesce("ends_on", "ends_anywhere"), pl.lit(self._today))
            has_day = pl.coalesce("ends_on", "ends_anywhere").is_not_null()
            subjects = entries(code(pl.col("subjects"))).list.eval(pl.element().str.contains(CORE_SUBJECT)).list.any()
            rows = rows.with_columns(
                pl.when(has_day).then(awarded).alias("awarded_on"),
                pl.coalesce("title", "other_title", "course_title").alias("course_title"),
                pl.col("code").alias("local"),
                (subjects | pl.col("core").fill_null(value=False)).alias("core"),
            )
            rows = self._dated(rows, column="studentAcademicRecordReference").join(schools, on="school", how="left")
            # An academic record may lie with the district; then the enrolments say where the student was.
            rows = rows.with_columns(pl.when("is_school").then("school").alias("school"))
            credits = [pl.col("attempted").alias("credits_attempted"), pl.col("earned").alias("credits_earned")]
            yield self._ledger.batch("grades", rows.select(*self._columns(), *credits), headers=_TRANSCRIPT_HEADERS)


def _natural_key() -> pl.Expr:
    """Return what tells a grade from all others of its student, so that a later file finds it again."""
    parts = [pl.col(name).fill_null("") for name in ("type", "named", "year", "section", "local", "school")]
    return pl.concat_str(*parts, separator="/").str.slice(0, _LONGEST_ID)
