"""Absences and tardies of an Ed-Fi export, one per event of a student's day at school."""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.batches import Batch
from students.importing.edfi_descriptors import ATTENDANCE_WORDS, attendance_of, code
from students.importing.edfi_resources import Resources

NAME = "studentSchoolAttendanceEvents"
_HEADERS = {
    "student_id": "studentUniqueId",
    "school_id": "schoolId",
    "held_on": "eventDate",
    "category": "attendanceEventCategoryDescriptor",
    "n_sessions": "eventDuration",
}


def attendance(resources: Resources, *, ledger: BatchLedger) -> Iterator[Batch]:
    """Yield the events; a category that says neither absent nor tardy nor present is a fault."""
    for rows in resources.parts(NAME):
        rows = rows.with_columns(code(pl.col("category")).alias("category"))
        said = {text: attendance_of(text) for text in rows["category"].drop_nulls().unique().to_list()}
        words = {text: known[0] for text, known in said.items() if known}
        excused = {text: known[1] for text, known in said.items() if known}
        rows = rows.with_columns(
            pl.col("category").replace_strict(words, default=None, return_dtype=pl.String()).alias("word"),
            pl.col("category").replace_strict(excused, default=None, return_dtype=pl.Boolean()).alias("excused"),
        )
        unknown = rows.filter(pl.col("word").is_null() & pl.col("category").is_not_null())
        if len(unknown):
            ledger.note(
                faults=faults_of(
                    unknown,
                    file=str(unknown["file"][0]),
                    column="attendanceEventCategoryDescriptor",
                    value="category",
                    problem="not_allowed",
                    allowed=ATTENDANCE_WORDS,
                )
            )
        known_rows = rows.filter(pl.col("word").is_not_null() | pl.col("category").is_null())
        yield ledger.batch(
            "attendance",
            known_rows.select(
                pl.col("student").alias("student_id"),
                pl.col("school").alias("school_id"),
                pl.col("day").alias("held_on"),
                pl.col("word").alias("category"),
                "excused",
                # Part of a day's absence is part of a day lost; a tardy is one, however long.
                pl.when(pl.col("word") == "absent").then("duration").alias("n_sessions"),
                "file",
                "line",
            ),
            headers=_HEADERS,
        )
