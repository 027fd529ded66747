"""Rows in the institution's own words and units, turned into the portal's: by what a person said of their source.

Whatever the format, a batch passes here before its cells are typed. What nobody has said yet becomes a question.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import polars as pl

from students.importing import attendance_codes, cells, questions
from students.importing.batches import Batch
from students.importing.column_words import ColumnWords
from students.importing.enrolment_status import Statuses
from students.importing.headers import FLAGS
from students.importing.questions import CODES, SCALE, UNIT, Answers, Question
from students.importing.record_kinds import kinds
from students.importing.student_numbers import Numbers
from students.importing.unexplained import Unexplained

# Halves of a day are understood without being told; so is a word for all of it.
HALVES = ("am", "pm", "a.m.", "p.m.", "morning", "afternoon", "first half", "second half", "forenoon")
WHOLE = ("all day", "full day", "whole day", "day", "full", "all")
# A grade of 30 in 100 is the best of its file nowhere; a grade of 4 in 4 is.
MOST_OF_ANOTHER_SCALE = 0.4
FEWEST_GRADES = 5
ABOVE_SCALE_SHARE = 0.05
COMMON_BEST = (4, 5, 6, 10, 12, 15, 20, 30, 40)


class Meaning:
    """What the rows of one file mean; remembers what it saw in words and numbers that nobody has explained yet.

    Parameters
    ----------
    answers : mapping
        As `questions.problems` checks them.
    numbers : Numbers
        Whose number is whose.
    """

    def __init__(self, answers: Answers, *, numbers: Numbers) -> None:
        self.answers = answers
        self._numbers = numbers
        self.counts_its_days = False
        self._codes = _Codes()
        self._grades = _Grades()
        self._words = ColumnWords()
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
            rows = self._words.applied(batch.kind, self._of_grades(rows), self.answers)
        return replace(batch, rows=rows)

    def questions(self) -> Iterator[Question]:
        """Yield what must be known of the rows so far and was not said."""
        yield from self._codes.questions()
        yield from [*self._students.questions()] or [*self._enrolments.questions()]
        yield from self._words.questions()
        if SCALE not in self.answers:
            yield from self._grades.questions()

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
        unit = self.answers.get(UNIT)
        if unit is not None or "part" in rows.columns or "code_days" in rows.columns:
            rows = _with_days(rows, unit)
        return rows.drop("code_days", strict=False)

    def _of_grades(self, rows: pl.DataFrame) -> pl.DataFrame:
        if "value" not in rows.columns or rows["value"].dtype != pl.String:
            return rows
        scale = self.answers.get(SCALE)
        if scale is None:
            self._grades.see(rows)
            return rows
        return _on_scale(rows, best=float(scale["best"]), worst=float(scale.get("worst", 0)))


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
    if unit is not None and unit["is"] != "day":
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
        return " ".join(text.lower().replace("_", " ").split()) in self._known or text.lower() in cells.MISSING_WORDS

    def questions(self) -> Iterator[Question]:
        listed = self._unexplained.values()
        if not listed:
            return
        proposal = attendance_codes.proposed([seen["value"] for seen in listed])
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


class _Grades:
    """Grades of which no scale was said."""

    def __init__(self) -> None:
        self._n = self._n_above = 0
        self._highest = 0.0
        self._scale = 0.0

    def see(self, rows: pl.DataFrame) -> None:
        """Look at grades as they came; letters say their scale themselves."""
        plain = rows["value"].str.strip_chars().str.replace(",", ".", literal=True)
        scale = pl.lit(float(kinds()["grades"].field("scale_max").default))
        if "scale_max" in rows.columns:
            scale = pl.coalesce(pl.col("scale_max").cast(pl.Float64, strict=False), scale)
        found = rows.select(plain.cast(pl.Float64, strict=False).alias("value"), scale.alias("scale"))
        found = found.drop_nulls("value")
        if found.is_empty():
            return
        self._n += found.height
        self._n_above += int((found["value"] > found["scale"]).sum())
        self._highest = max(self._highest, float(found["value"].max()))  # type: ignore[arg-type]
        self._scale = max(self._scale, float(found["scale"].max()))  # type: ignore[arg-type]

    def questions(self) -> Iterator[Question]:
        if self._n < FEWEST_GRADES:
            return
        is_low = self._highest <= MOST_OF_ANOTHER_SCALE * self._scale
        is_high = self._n_above > ABOVE_SCALE_SHARE * self._n
        if is_low or is_high:
            best = next((best for best in COMMON_BEST if best >= self._highest), None)
            yield Question(
                name=SCALE,
                arguments={"n": self._n, "highest": f"{self._highest:g}", "of": f"{self._scale:g}"},
                proposal={"best": best, "worst": 0} if best and is_low else {},
            )


def _on_scale(rows: pl.DataFrame, *, best: float, worst: float) -> pl.DataFrame:
    """Return the rows with numeric grades from 0 on their scale; letters and marks without a grade stay."""
    plain = pl.col("value").str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)
    is_number = plain.is_not_null()
    away = (plain - worst) if best > worst else (worst - plain)
    scale = pl.col("scale_max").cast(pl.String) if "scale_max" in rows.columns else pl.lit(None, dtype=pl.String)
    is_from_zero = worst == 0 and best > 0
    value = pl.col("value") if is_from_zero else pl.when(is_number).then(away.cast(pl.String)).otherwise("value")
    return rows.with_columns(
        value.alias("value"),
        pl.when(is_number).then(pl.lit(str(abs(best - worst)))).otherwise(scale).alias("scale_max"),
    )
