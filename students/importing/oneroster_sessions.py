"""The academic sessions of a OneRoster bundle: terms, and when the school year began."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.oneroster_bundle import Bundle
from students.importing.school_words import short_terms

_TYPES = ["gradingperiod", "semester", "schoolyear", "term"]


class Sessions:
    """Every academic session.

    Attributes
    ----------
    frame : DataFrame
        ``session``, ``term`` (its name without the year), ``school_year`` (int64, the year it ends in),
        ``starts_on``, ``ends_on`` (Date, both days included), ``type``, ``line``.
    year_start : date or None
        When the current school year began.
    """

    def __init__(self, bundle: Bundle, *, ledger: BatchLedger, today: date) -> None:
        part = bundle.table("academicSessions")
        self.file = part.file
        rows = part.rows.unique("sourcedId", keep="last", maintain_order=True)
        rows = rows.with_columns(
            pl.col("type").str.to_lowercase(),
            *(dates.iso_days(rows[column]).alias(f"{column}_day") for column in ("startDate", "endDate")),
        )
        ledger.note(faults=self._faults(rows))
        rows = rows.filter(pl.col("type").is_in(_TYPES), pl.col("endDate_day") > pl.col("startDate_day"))
        self.frame = self._frame(rows)
        self.year_start = self._year_start(today)

    def _faults(self, rows: pl.DataFrame) -> pl.DataFrame:
        is_type = pl.col("type").is_in(_TYPES) | pl.col("type").str.starts_with("ext:")
        allowed = "gradingPeriod, semester, schoolYear, term"
        wrong = [
            faults_of(
                rows.filter(~is_type),
                file=self.file,
                column="type",
                value="type",
                problem="not_allowed",
                allowed=allowed,
            ),
            faults_of(
                rows.filter(pl.col("endDate_day") <= pl.col("startDate_day")),
                file=self.file,
                column="endDate",
                value="endDate",
                problem="oneroster_session_ends_first",
            ),
        ]
        for column in ("startDate", "endDate"):
            bad = rows.filter(pl.col(f"{column}_day").is_null())
            wrong.append(faults_of(bad, file=self.file, column=column, value=column, problem="not_a_date"))
        return pl.concat(wrong)

    @staticmethod
    def _frame(rows: pl.DataFrame) -> pl.DataFrame:
        # The end of a session is the day after its last one; so says the standard.
        last = pl.col("endDate_day") - timedelta(days=1)
        declared = pl.col("schoolYear").str.extract(r"^(\d{4})$").cast(pl.Int64)
        rows = rows.with_columns(last.alias("ends_on"), declared.fill_null(last.dt.year()).alias("declared"))
        # Some systems name a school year by the year it begins in: its own session tells when it ends.
        years = (
            rows.filter(pl.col("type") == "schoolyear")
            .group_by("declared")
            .agg(pl.col("ends_on").max().dt.year().cast(pl.Int64).alias("school_year"))
        )
        named = rows.join(years, on="declared", how="left", maintain_order="left")
        return named.select(
            pl.col("sourcedId").alias("session"),
            short_terms(named["title"]).alias("term"),
            pl.col("school_year").fill_null(pl.col("declared")),
            pl.col("startDate_day").alias("starts_on"),
            "ends_on",
            "type",
            "line",
        )

    def _year_start(self, today: date) -> date | None:
        years = self.frame.group_by("school_year").agg(pl.col("starts_on").min()).sort("starts_on")
        begun = years.filter(pl.col("starts_on") <= today)["starts_on"].to_list()
        return begun[-1] if begun else None

    def terms(self) -> pl.DataFrame:
        """Return rows of the kind "terms".

        Sessions of one name and year are one term, from the first day of any to the last of any: many systems list
        them once per school. A school year is a term only where it is not divided.
        """
        divided = self.frame.filter(pl.col("type") != "schoolyear")
        whole = self.frame.filter(pl.col("type") == "schoolyear")
        kept = pl.concat([divided, whole.join(divided, on="school_year", how="anti")])
        return (
            kept.group_by("school_year", "term")
            .agg(pl.col("starts_on").min(), pl.col("ends_on").max(), pl.col("line").min())
            .sort("line")
            .with_columns(pl.lit(self.file).alias("file"))
        )
