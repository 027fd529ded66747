"""Grades of a OneRoster bundle: every graded result of a line item, with the course and the term it belongs to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch, Report
from students.importing.oneroster_bundle import Bundle, Part
from students.importing.oneroster_schools import Schools
from students.importing.oneroster_sessions import Sessions
from students.importing.school_words import CORE_COURSE_CODE

_GRADED = ["fully graded", "partially graded"]
_STATUSES = [*_GRADED, "exempt", "not submitted", "submitted", "late"]
_HEADERS = {
    "student_id": "studentSourcedId",
    "awarded_on": "scoreDate",
    "value": "score",
    "scale_max": "resultValueMax",
    "course": "lineItemSourcedId",
    "source_id": "sourcedId",
}


class Classes:
    """The classes of a bundle.

    Attributes
    ----------
    frame : DataFrame
        ``class``, ``school``, ``course`` (its title), ``core`` (Boolean).
    ends : DataFrame
        ``class`` and ``class_ends_on`` (Date, the last day of its last term).
    begin_on : date or None
        The first day of the earliest term of any class.
    """

    def __init__(self, bundle: Bundle, *, schools: Schools, sessions: Sessions) -> None:
        courses = bundle.table("courses").rows.unique("sourcedId", keep="last")
        courses = courses.select(
            pl.col("sourcedId").alias("courseSourcedId"),
            pl.col("title").alias("course"),
            pl.col("subjectCodes").alias("codes_of_course"),
        )
        rows = bundle.table("classes").rows.unique("sourcedId", keep="last")
        rows = schools.located(rows, "schoolSourcedId").join(courses, on="courseSourcedId", how="left")
        terms = self._terms(rows, sessions)
        self.ends = terms.group_by("class").agg(pl.col("ends_on").max().alias("class_ends_on"))
        self.begin_on: date | None = terms["starts_on"].to_list()[0] if len(terms) else None
        codes = pl.concat_str(pl.col("subjectCodes", "codes_of_course").fill_null(""), separator=",").str.split(",")
        is_core = codes.list.eval(pl.element().str.strip_chars().str.contains(CORE_COURSE_CODE)).list.any()
        self.frame = rows.select(
            pl.col("sourcedId").alias("class"),
            pl.col("school").cast(pl.Categorical()),
            pl.coalesce("course", "title").cast(pl.Categorical()).alias("course"),
            is_core.alias("core"),
        )

    @staticmethod
    def _terms(rows: pl.DataFrame, sessions: Sessions) -> pl.DataFrame:
        listed = rows.select(
            pl.col("sourcedId").alias("class"), pl.col("termSourcedIds").str.split(",").alias("session")
        ).explode("session")
        known = sessions.frame.select("session", "starts_on", "ends_on")
        return listed.with_columns(pl.col("session").str.strip_chars()).join(known, on="session").sort("starts_on")


class Grades:
    """The graded results of a bundle."""

    def __init__(
        self, bundle: Bundle, *, classes: Classes, sessions: Sessions, ledger: BatchLedger, report: Report
    ) -> None:
        self._bundle = bundle
        self._classes = classes
        self._sessions = sessions
        self._ledger = ledger
        self._report = report

    def batches(self) -> Iterator[Batch]:
        """Yield one grade per graded result.

        A result that names a line item, or a line item a class, that the bundle does not hold is a fault: without
        them nobody knows the course.
        """
        if not self._bundle.is_there("results"):
            return
        line_items = self._line_items()
        for part in self._bundle.parts("results"):
            if gone := part.gone["sourcedId"].drop_nulls().to_list():
                self._report.removed.setdefault("grades", []).extend(gone)
            yield self._ledger.batch("grades", self._rows(part, line_items), headers=_HEADERS)

    def _line_items(self) -> pl.DataFrame:
        terms = self._sessions.frame.select("session", "term")
        rows = self._bundle.table("lineItems").rows.unique("sourcedId", keep="last")
        return (
            rows.select(
                pl.col("sourcedId").alias("line_item"),
                pl.col("classSourcedId").alias("class"),
                pl.coalesce("gradingPeriodSourcedId", "academicSessionSourcedId").alias("session"),
                pl.col("resultValueMax").alias("scale_max"),
                pl.lit(value=True).alias("is_listed"),
            )
            .join(terms, on="session", how="left")
            .join(self._classes.frame, on="class", how="left")
            .with_columns(pl.col("term", "scale_max").cast(pl.Categorical()))
            .drop("session")
        )

    def _rows(self, part: Part, line_items: pl.DataFrame) -> pl.DataFrame:
        graded = self._graded(part)
        rows = graded.join(
            line_items, left_on="lineItemSourcedId", right_on="line_item", how="left", maintain_order="left"
        )
        is_listed = pl.col("is_listed").fill_null(value=False)
        column = "lineItemSourcedId"
        for lost, value, problem in (
            (rows.filter(~is_listed), column, "oneroster_unknown_line_item"),
            (rows.filter(is_listed & pl.col("course").is_null()), "class", "oneroster_unknown_class"),
        ):
            self._ledger.note(faults=faults_of(lost, file=part.file, column=column, value=value, problem=problem))
        is_number = pl.col("value").str.contains(r"\d")
        return rows.filter(is_listed & pl.col("course").is_not_null()).select(
            pl.col("studentSourcedId").alias("student_id"),
            pl.col("school").cast(pl.String()).alias("school_id"),
            pl.col("scoreDate").alias("awarded_on"),
            pl.col("course", "term").cast(pl.String()),
            "value",
            # A letter has a scale of its own.
            pl.when(is_number).then(pl.col("scale_max").cast(pl.String())).alias("scale_max"),
            "core",
            self._known_on().alias("known_on"),
            pl.col("sourcedId").alias("source_id"),
            pl.lit(part.file).alias("file"),
            "line",
        )

    def _known_on(self) -> pl.Expr:
        # A full export may stamp every record with the day of the export; changes carry the day of the change.
        if self._bundle.mode("results") != "delta":
            return pl.lit(None, dtype=pl.String())
        modified, awarded = pl.col("dateLastModified").str.slice(0, 10), pl.col("scoreDate").str.slice(0, 10)
        return pl.when(modified >= awarded).then(modified)

    def _graded(self, part: Part) -> pl.DataFrame:
        status = pl.col("scoreStatus").str.to_lowercase().fill_null(_GRADED[0])
        unknown = part.rows.filter(~status.is_in(_STATUSES) & ~status.str.starts_with("ext:"))
        allowed = ", ".join(_STATUSES)
        self._ledger.note(
            faults=faults_of(
                unknown,
                file=part.file,
                column="scoreStatus",
                value="scoreStatus",
                problem="not_allowed",
                allowed=allowed,
            )
        )
        rows = part.rows.with_columns(pl.coalesce("score", "textScore").alias("value"))
        return rows.filter(status.is_in(_GRADED), pl.col("value").is_not_null())
