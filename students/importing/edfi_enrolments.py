"""Enrolments of an Ed-Fi export, and the outcomes that their exits are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch, Report
from students.importing.edfi_descriptors import code
from students.importing.edfi_resources import Resources
from students.importing.school_words import short_level

NAME = "studentSchoolAssociations"
# A longest summer: who enters a school again within it has moved or gone up, whatever the code of the exit says.
_COMES_BACK_WITHIN = timedelta(days=120)
_END_OF_YEAR = "end of school year"
_TRANSFERRED = "transferred"
_LONGEST_CODE = 60
_HEADERS = {
    "student_id": "studentUniqueId",
    "school_id": "schoolId",
    "entered_on": "entryDate",
    "exited_on": "exitWithdrawDate",
    "exit_reason": "exitWithdrawTypeDescriptor",
    "grade_level": "entryGradeLevelDescriptor",
}
_OUTCOME_HEADERS = {**_HEADERS, "happened_on": "exitWithdrawDate", "exit_code": "exitWithdrawTypeDescriptor"}


class Enrolments:
    """The associations of students with schools.

    Parameters
    ----------
    schools : DataFrame or None
        ``school`` of every school, if the export lists them: an association with another organisation is a fault.
    """

    def __init__(
        self, resources: Resources, *, schools: pl.DataFrame | None, ledger: BatchLedger, report: Report
    ) -> None:
        self._resources = resources
        self._schools = schools
        self._ledger = ledger
        self._report = report
        self._entries: list[pl.DataFrame] = []
        self._exits: list[pl.DataFrame] = []

    def batches(self) -> Iterator[Batch]:
        """Yield the enrolments. An open one that is not at the student's primary school is left out."""
        n_secondary = 0
        for rows in self._resources.parts(NAME):
            rows = self._at_schools(rows)
            is_secondary = pl.col("exit").is_null() & pl.col("primary").str.to_lowercase().is_in(["false", "0"])
            kept = rows.filter(~is_secondary.fill_null(value=False))
            n_secondary += len(rows) - len(kept)
            self._remember(rows)
            yield self._ledger.batch(
                "enrolments",
                kept.select(
                    pl.col("student").alias("student_id"),
                    pl.col("school").alias("school_id"),
                    short_level(code(pl.col("grade"))).alias("grade_level"),
                    pl.col("entry").alias("entered_on"),
                    _last_day(kept).alias("exited_on"),
                    _reason().alias("exit_reason"),
                    "file",
                    "line",
                ),
                headers=_HEADERS,
            )
        if n_secondary:
            self._report.notes.append(
                f"Open enrolments at a second school: {n_secondary}. Only those at the primary school were read."
            )

    def _at_schools(self, rows: pl.DataFrame) -> pl.DataFrame:
        if self._schools is None:
            return rows
        nowhere = rows.filter(pl.col("school").is_not_null()).join(self._schools, on="school", how="anti")
        if nowhere.is_empty():
            return rows
        self._ledger.note(
            faults=faults_of(
                nowhere, file=str(rows["file"][0]), column="schoolId", value="school", problem="edfi_unknown_school"
            )
        )
        return rows.join(nowhere.select("line"), on="line", how="anti", maintain_order="left")

    def _remember(self, rows: pl.DataFrame) -> None:
        """Keep every entry, as numbers, and every exit with a code: only all of them together tell who came back."""
        rows = rows.with_columns(
            pl.col("student").hash().alias("who"),
            pl.col("school").hash().alias("where"),
            dates.iso_days(rows["entry"].str.slice(0, 10)).alias("entered"),
            dates.iso_days(rows["exit"].str.slice(0, 10)).alias("exited"),
        )
        self._entries.append(rows.select("who", "where", "entered"))
        gave_reason = pl.col("exit").is_not_null() & pl.col("reason").is_not_null()
        exits = rows.filter(gave_reason).with_columns(_reason().alias("reason"))
        self._exits.append(exits.drop("grade", "primary", "entry"))

    def outcomes(self) -> Iterator[Batch]:
        """Yield an outcome for every exit with a code, but for moves from one school of the file to another.

        An exit is a move if the student enters a school again within a summer; an exit coded as a transfer, if ever
        after. The end of a school year is told all the same: that a student went on is an outcome too. A student who
        left and came back much later had left.
        """
        if not self._exits:
            return
        exits = pl.concat(self._exits).sort("exited")
        entries = pl.concat(self._entries).drop_nulls().sort("entered")
        later = (
            exits.filter(pl.col("exited").is_not_null())
            .join(entries, on="who", suffix="_next")
            .rename({"entered_next": "next"})
        )
        came_back = later.filter(
            pl.col("next") > pl.col("entered"),
            pl.col("next") >= pl.col("exited"),
            (pl.col("next") <= pl.col("exited") + _COMES_BACK_WITHIN)
            | (pl.col("reason").str.to_lowercase() == _TRANSFERRED) & (pl.col("where") != pl.col("where_next")),
        )
        is_move = came_back.filter(pl.col("reason").str.to_lowercase() != _END_OF_YEAR).select("file", "line").unique()
        left = exits.join(is_move, on=["file", "line"], how="anti").sort("line")
        yield self._ledger.batch(
            "outcomes",
            left.select(
                pl.col("student").alias("student_id"),
                pl.lit(None, dtype=pl.String()).alias("kind"),
                pl.col("reason").alias("exit_code"),
                pl.col("exit").alias("happened_on"),
                "file",
                "line",
            ),
            headers=_OUTCOME_HEADERS,
        )


def _last_day(rows: pl.DataFrame) -> pl.Series:
    """Return the last day at the school, as text: Ed-Fi tells the first one after it. What is no day stays as it is."""
    left, entered = (dates.iso_days(rows[name].str.slice(0, 10)) for name in ("exit", "entry"))
    last = pl.select(pl.max_horizontal(left.dt.offset_by("-1d"), pl.when(entered <= left).then(entered))).to_series()
    return pl.select(pl.when(left.is_null()).then(rows["exit"]).otherwise(last.dt.to_string("%Y-%m-%d"))).to_series()


def _reason() -> pl.Expr:
    return code(pl.col("reason")).str.slice(0, _LONGEST_CODE)
