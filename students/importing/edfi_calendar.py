"""Schools, terms and school days of an Ed-Fi export, and when each grading period ends."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from students.importing import dates
from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch
from students.importing.edfi_descriptors import code, is_school_day
from students.importing.edfi_resources import Resources
from students.importing.school_words import short_terms


class Calendar:
    """The sessions and the grading periods.

    Attributes
    ----------
    sessions, periods : DataFrame
        ``school``, ``year`` (String), ``session``, ``term``; ``period``, ``name``, ``sequence``, ``term``; and
        ``starts_on``, ``ends_on`` (Date, both included), ``file``, ``line``. ``term`` is the name grades go by.
    """

    def __init__(self, resources: Resources, *, ledger: BatchLedger) -> None:
        self._resources = resources
        self._ledger = ledger
        sessions = self._with_days("sessions")
        self.sessions = sessions.with_columns(
            short_terms(sessions.select(pl.coalesce(code(pl.col("term")), "session")).to_series()).alias("term")
        )
        periods = self._with_days("gradingPeriods")
        self.periods = periods.with_columns(code(pl.col("period"))).with_columns(
            short_terms(periods.select(pl.coalesce(code(pl.col("period")), "name")).to_series()).alias("term")
        )

    def _with_days(self, name: str) -> pl.DataFrame:
        rows = self._resources.table(name)
        for column, day in (("begin", "starts_on"), ("end", "ends_on")):
            days = dates.iso_days(rows[column].str.slice(0, 10)).alias(day)
            wrong = rows.filter(days.is_null())
            if len(wrong):
                self._ledger.note(
                    faults=faults_of(
                        wrong,
                        file=self._resources.file(name),
                        column=f"{column}Date",
                        value=column,
                        problem="not_a_date",
                    )
                )
            rows = rows.with_columns(days)
        return rows.filter(pl.col("starts_on").is_not_null(), pl.col("ends_on") >= pl.col("starts_on"))

    def batches(self) -> Iterator[Batch]:
        """Yield schools, terms and school days."""
        for rows in self._resources.parts("schools"):
            yield self._ledger.batch(
                "schools",
                rows.select(pl.col("school").alias("school_id"), "name", "file", "line"),
                headers={"school_id": "schoolId", "name": "nameOfInstitution"},
            )
        terms = [frame for frame in (self.sessions, self.periods) if len(frame)]
        if terms:
            yield self._ledger.batch("terms", self._terms(terms))
        if "calendarDates" in self._resources.names:
            yield self._ledger.batch("school_days", self._school_days())

    @staticmethod
    def _terms(frames: list[pl.DataFrame]) -> pl.DataFrame:
        """Return one term per year and name: every school lists its own, and grades name one by its name."""
        columns = ["year", "term", "starts_on", "ends_on", "file", "line"]
        rows = pl.concat([frame.select(columns) for frame in frames])
        return (
            rows.group_by("year", "term", maintain_order=True)
            .agg(pl.col("starts_on").min(), pl.col("ends_on").max(), pl.col("file").first(), pl.col("line").first())
            .rename({"year": "school_year"})
        )

    def _school_days(self) -> pl.DataFrame:
        """Return the days on which any school held school."""
        held_on = pl.DataFrame(schema={"held_on": pl.String(), "file": pl.String(), "line": pl.Int64()})
        for rows in self._resources.parts("calendarDates"):
            events = {text: is_school_day(text) for text in rows["events"].drop_nulls().unique().to_list()}
            is_held = rows["events"].replace_strict(events, default=False, return_dtype=pl.Boolean())
            held = rows.filter(is_held).select(pl.col("day").alias("held_on"), "file", "line")
            held_on = pl.concat([held_on, held]).unique("held_on", keep="first", maintain_order=True)
        return held_on.sort("held_on")

    def ends_of_terms(self) -> pl.DataFrame:
        """Return when the sessions of each school, year and kind of term end.

        Returns
        -------
        DataFrame
            ``school``, ``year``, ``term``, ``ends_on``.
        """
        return self.sessions.group_by("school", "year", "term").agg(pl.col("ends_on").max())
