"""Rows in the institution's own words and units, turned into the portal's: by what a person said of their source.

Whatever the format, a batch passes here before its cells are typed. What nobody has said yet becomes a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from students.importing import cells, code_lists, questions
from students.importing.batches import Batch
from students.importing.column_words import ColumnWords
from students.importing.enrolment_status import Statuses
from students.importing.grade_scales import Grades
from students.importing.headers import FLAGS
from students.importing.questions import CODES, UNIT, Answers, Question
from students.importing.record_kinds import kinds
from students.importing.student_numbers import Numbers
from students.importing.unexplained import Unexplained
from students.outcomes.outcome_codes import ExitCodes

# Halves of a day are understood without being told; so is a word for all of it.
_TARDY = ("tardy", *(alias for alias, word in kinds()["attendance"].field("category").aliases if word == "tardy"))
HALVES = ("am", "pm", "a.m.", "p.m.", "morning", "afternoon", "first half", "second half", "forenoon")
WHOLE = ("all day", "full day", "whole day", "day", "full", "all")


class Meaning:
    """What the rows of one file mean; remembers what it saw in words and numbers that nobody has explained yet.

    Parameters
    ----------
    answers : mapping
        As `questions.problems` checks them.
    numbers : Numbers
        Whose number is whose.
    codes : ExitCodes
        What exit codes count as at the institution.
    """

    def __init__(self, answers: Answers, *, numbers: Numbers, codes: ExitCodes) -> None:
        self.answers = answers
        self._numbers = numbers
        self.counts_its_days = False
        self.most_minutes = 0.0
        self._codes = _Codes()
        self._grades = Grades()
        self._words = ColumnWords(codes)
        # A line of a roster is read twice, as a student and as an enrolment; it is asked about once.
        self._students, self._enrolments = Statuses(), Statuses()

    def applied(self, batch: Batch) -> Batch:
        """Return a batch as the portal counts: days of absence, grades on their scale."""
        if batch.rows.is_empty():
            return batch
        batch = self._numbers.applied(batch)
        rows = batch.rows
        if batch.kind != "grades":
            rows = self._words.applied(batch.kind, rows, self.answers)
        if batch.kind == "attendance":
            rows = self._attendance(rows)
        elif batch.kind in ("students", "enrolments") and "status" in rows.columns:
            statuses = self._students if batch.kind == "students" else self._enrolments
            rows = statuses.applied(rows, self.answers)
        elif batch.kind == "grades":
            # Words that stand for grades come after the numbers: they are of 100, whatever the numbers are of.
            rows = self._words.applied(batch.kind, self._grades.applied(rows, self.answers), self.answers)
        return replace(batch, rows=rows)

    def questions(self) -> Iterator[Question]:
        """Yield what must be known of the rows so far and was not said."""
        yield from self._codes.questions()
        yield from [*self._students.questions()] or [*self._enrolments.questions()]
        yield from self._words.questions()
        yield from self._grades.questions(self.answers)

    def notes(self) -> Iterator[str]:
        """Yield sentences for the admin: what was left out by what was answered."""
        if n := self._numbers.n_without_school:
            yield f"Rows left out, as schools share their numbers and the file does not say which is meant: {n:,}."
        if n := max(self._students.n_not_yet, self._enrolments.n_not_yet):
            yield f"Students left out, as by their status they have not come yet: {n:,}."

    def _attendance(self, rows: pl.DataFrame) -> pl.DataFrame:
        if "category" not in rows.columns and any(flag in rows.columns for flag in FLAGS):
            rows = _from_flags(rows)
        rows = self._codes.translated(rows, self.answers.get(CODES, {}))
        if "n_sessions" in rows.columns and rows["n_sessions"].null_count() < rows.height:
            self.counts_its_days = True
        rows = _with_minutes(rows)
        self._see_minutes(rows)
        unit = self.answers.get(UNIT)
        if unit is not None or "part" in rows.columns or "code_days" in rows.columns:
            rows = _with_days(rows, unit)
        return rows.drop("code_days", strict=False)

    def _see_minutes(self, rows: pl.DataFrame) -> None:
        """Remember the most minutes that an absence is said to have lasted; how late somebody came is no absence."""
        if "minutes" in rows.columns:
            words = cells.plain_words(rows["category"].cast(pl.String)) if "category" in rows.columns else None
            missed = rows["minutes"] if words is None else rows["minutes"].filter(~words.is_in(_TARDY).fill_null(False))
            most = cells.plain_numbers(missed).max()
            self.most_minutes = max(self.most_minutes, float(most or 0.0))  # type: ignore[arg-type]


def _with_minutes(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with hours as minutes."""
    if "hours" not in rows.columns:
        return rows
    minutes = (60 * cells.plain_numbers(rows["hours"])).cast(pl.String)
    told = rows["minutes"].cast(pl.String) if "minutes" in rows.columns else pl.lit(None, dtype=pl.String)
    return rows.with_columns(pl.coalesce(told, minutes).alias("minutes")).drop("hours")


def _from_flags(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a row for each flag that is set, and one that says "present" where none is.

    A word that is neither yes nor no counts as set until it was explained, or its row is refused.
    """
    clear = [*(word for word, is_yes in cells.YES_NO.items() if not is_yes), *cells.MISSING_WORDS, ""]
    is_set = {
        category: ~pl.col(flag).fill_null("").str.strip_chars().str.to_lowercase().is_in(clear)
        for flag, category in FLAGS.items()
        if flag in rows.columns
    }
    parts = [rows.filter(mask).with_columns(pl.lit(category).alias("category")) for category, mask in is_set.items()]
    none = rows.filter(~pl.any_horizontal(list(is_set.values()))).with_columns(pl.lit("present").alias("category"))
    return pl.concat([*parts, none]).sort("line", maintain_order=True)


def _with_days(rows: pl.DataFrame, unit: Any) -> pl.DataFrame:
    """Return the rows with the days each stands for, where the file does not count them itself."""
    if unit is not None and unit["is"] == "day":
        rows = rows.drop("part", strict=False)
    share: pl.Expr = pl.lit(None, dtype=pl.Float64)
    if unit is not None and unit["is"] == "minutes" and "minutes" in rows.columns:
        share = pl.lit((cells.plain_numbers(rows["minutes"]) / unit["a_day"]).clip(0.0, 1.0))
    elif unit is not None and unit["is"] in ("half_day", "period"):
        share = pl.lit(0.5 if unit["is"] == "half_day" else 1 / unit["a_day"])
    if "part" in rows.columns:
        part = pl.col("part").str.to_lowercase().str.strip_chars()
        share = pl.when(part.is_in(HALVES)).then(pl.lit(0.5)).when(part.is_in(WHOLE)).then(pl.lit(1.0)).otherwise(share)
    if "code_days" in rows.columns:
        # Of a period half is half; of a day without more ado it is half a day.
        share = pl.col("code_days") * share.fill_null(1.0)
    if "n_sessions" not in rows.columns:
        return rows.with_columns(share.alias("n_sessions"))
    given = rows["n_sessions"]
    if given.null_count() == len(given):
        return rows.with_columns(share.alias("n_sessions"))
    as_text = share.cast(pl.String) if given.dtype == pl.String else share
    empty = cells.trimmed(given).is_null() if given.dtype == pl.String else given.is_null()
    return rows.with_columns(pl.when(empty).then(as_text).otherwise(pl.col("n_sessions")).alias("n_sessions"))


class _Codes:
    """Codes of attendance: those that somebody explained, and those that nobody has."""

    def __init__(self) -> None:
        field = kinds()["attendance"].field("category")
        self._known = {*field.allowed, *(alias for alias, _word in field.aliases)}
        self._unexplained = Unexplained()

    def translated(self, rows: pl.DataFrame, meanings: Answers) -> pl.DataFrame:
        if "category" not in rows.columns or rows["category"].dtype != pl.String:
            return rows
        texts = cells.trimmed(rows["category"])
        found = texts.drop_nulls().unique(maintain_order=True).to_list()
        unknown = [text for text in found if text not in meanings and not self._is_known(text)]
        if unknown:
            self._unexplained.note(rows, texts, unknown)
            # Nothing counts before they are explained; what else must be asked shows as if all were absences.
            is_unknown = texts.is_in(unknown).fill_null(value=False)
            rows = rows.with_columns(pl.when(is_unknown).then(pl.lit("absent")).otherwise("category").alias("category"))
            texts = cells.trimmed(rows["category"])
        return _explained(rows, texts, meanings) if any(text in meanings for text in found) else rows

    def _is_known(self, text: str) -> bool:
        return cells.plain_word(text) in self._known or text.lower() in cells.MISSING_WORDS

    def questions(self) -> Iterator[Question]:
        listed = self._unexplained.values()
        if not listed:
            return
        proposal = code_lists.proposed(code_lists.ATTENDANCE, [seen["value"] for seen in listed])
        yield Question(name=CODES, values=listed, proposal=proposal)


def _explained(rows: pl.DataFrame, texts: pl.Series, meanings: Answers) -> pl.DataFrame:
    """Return the rows with what their codes mean instead of the codes; those to be left out are gone."""
    meant = texts.replace_strict(dict(meanings), default=None, return_dtype=pl.String)
    rows = rows.with_columns(meant.alias("meant"))
    rows = rows.filter((pl.col("meant") != questions.LEAVE_OUT).fill_null(value=True))
    by_part = [{name: about[part] for name, about in questions.CODE_MEANINGS.items()} for part in range(3)]
    category, days, excused = (
        pl.col("meant").replace_strict(part, default=None, return_dtype=dtype)
        for part, dtype in zip(by_part, (pl.String, pl.Float64, pl.Boolean), strict=True)
    )
    told: pl.Expr = pl.when(excused).then(pl.lit("yes")).when(excused.not_()).then(pl.lit("no"))
    if "excused" in rows.columns and rows["excused"].dtype == pl.String:
        told = pl.coalesce(pl.col("excused").replace("", None), told)
    return rows.with_columns(
        pl.coalesce(category, pl.col("category")).alias("category"),
        days.fill_null(1.0).alias("code_days"),
        told.alias("excused"),
    ).drop("meant")
