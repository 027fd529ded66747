"""Whose number is whose: numbers of a file turned into those under which the students are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

import polars as pl

from students.importing import questions
from students.importing.batches import Batch
from students.importing.questions import AT, BY_SCHOOL, NUMBERS, OTHER, REUSED, SAME, ZEROS, Answers


class Numbers:
    """What was said of the numbers of a source.

    Parameters
    ----------
    answers : mapping
    known : callable
        Takes ``of_schools`` and returns the numbers of the students on record, all or those of a school's own.
    merged : mapping of str to str
        Numbers of students who were merged into others, each with the number of the student who was kept.
    """

    def __init__(
        self, answers: Answers, *, known: Callable[..., Sequence[str]], merged: Mapping[str, str] | None = None
    ) -> None:
        said = answers.get(NUMBERS, {})
        same = {number: known for number, known in said.items() if number != ZEROS and known != OTHER}
        self._same = {number: _last(number, same) for number in same}
        self._has_lost_zeros = said.get(ZEROS) == SAME
        reused = answers.get(REUSED, {})
        self._by_school = BY_SCHOOL in reused.values()
        self._left_out = [number for number, meaning in reused.items() if meaning == questions.LEAVE_OUT]
        self._known = known
        self._merged = dict(merged or {})
        self.n_without_school = 0

    @cached_property
    def _of_schools(self) -> list[str]:
        return list(self._known(of_schools=True))

    @cached_property
    def _with_zeros(self) -> dict[str, str]:
        numbers: dict[str, str | None] = {}
        for number in self._known(of_schools=False):
            bare = number.lstrip("0")
            # Of two that differ by zeros alone nobody knows which is meant.
            numbers[bare] = None if bare in numbers else number
        return {bare: number for bare, number in numbers.items() if number}

    def applied(self, batch: Batch) -> Batch:
        """Return a batch with the numbers under which its students are known."""
        rows = batch.rows
        if "student_id" not in rows.columns or rows["student_id"].dtype != pl.String:
            return batch
        is_changed = self._same or self._has_lost_zeros or self._left_out or self._by_school or self._merged
        if not (is_changed or self._of_schools):
            return batch
        number = pl.col("student_id").str.strip_chars()
        if self._left_out and batch.kind in ("students", "enrolments"):
            rows = rows.filter(~number.is_in(self._left_out).fill_null(value=False))
        if self._same:
            number = number.replace(self._same)
        if self._has_lost_zeros:
            bare = number.str.strip_chars_start("0")
            number = pl.coalesce(bare.replace_strict(self._with_zeros, default=None, return_dtype=pl.String), number)
        if "school_id" in rows.columns:
            number = self._at_school(number)
        elif shared := {own.partition(AT)[0] for own in self._of_schools}:
            is_shared = rows["student_id"].str.strip_chars().is_in(list(shared)).fill_null(value=False)
            self.n_without_school += int(is_shared.sum())
            rows = rows.filter(~is_shared)
        return replace(batch, rows=self._of_kept(rows.with_columns(number.alias("student_id")), kind=batch.kind))

    def _of_kept(self, rows: pl.DataFrame, *, kind: str) -> pl.DataFrame:
        """Return rows under the number of the student who was kept, where two were merged."""
        if not self._merged:
            return rows
        if kind == "students":
            # Told of both numbers, names may differ: those of the kept number hold.
            rows = rows.filter(~pl.col("student_id").is_in(list(self._merged)).fill_null(value=False))
        return rows.with_columns(pl.col("student_id").replace(self._merged))

    def _at_school(self, number: pl.Expr) -> pl.Expr:
        own = pl.concat_str(number, pl.lit(AT), pl.col("school_id").str.strip_chars())
        if self._by_school:
            return pl.coalesce(own, number)
        # A number that this school gave itself, in a file of another source.
        return pl.when(own.is_in(self._of_schools)).then(own).otherwise(number)


def _last(number: str, same: Mapping[str, str]) -> str:
    """Return the number that a number leads to, one answer after the other."""
    seen = {number}
    while (known := same.get(number)) is not None and known not in seen:
        seen.add(known)
        number = known
    return number
