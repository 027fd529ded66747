"""Frames go to their tables by COPY, within the walls of the scope."""

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from django.db import ProgrammingError, connection

from accounts import scope
from students.changes import bulk_load
from students.models import GradeRecord, StudentAttribute
from tests.rows import DAY


def attributes(student, *values):
    return pd.DataFrame(
        {
            "institution_id": student.institution_id,
            "student_id": student.pk,
            "name": [f"name {place}" for place in range(len(values))],
            "value": values,
            "known_on": pd.Timestamp(DAY),
        }
    )


def test_rows_are_written_as_they_stand_in_the_frame(nora, at_riverside):
    words = ["plain", "tab\tand\nline", 'a "quote", a comma', "back\\slash", r"\N", "naïve ⚓", ""]

    n_written = bulk_load.append(StudentAttribute, attributes(nora, *words))

    assert n_written == len(words)
    assert list(StudentAttribute.objects.order_by("pk").values_list("value", flat=True)) == words
    assert StudentAttribute.objects.first().known_on == DAY


def test_what_is_missing_is_null_and_never_zero(nora, northside, at_riverside):
    grades = pd.DataFrame(
        {
            "institution_id": nora.institution_id,
            "student_id": nora.pk,
            "school_id": northside.pk,
            "awarded_on": pd.to_datetime([DAY, DAY, DAY]),
            "course": pd.Categorical(["Maths", "Art", "Maths"]),
            "source_id": ["1", "2", "3"],
            "term": "1",
            "value": [np.nan, 0.0, 71.5],
            "scale_max": 100.0,
            "credits_attempted": pd.array([1, None, 2], dtype="Int64"),
            "core": [True, False, True],
            "known_on": pd.to_datetime([DAY, DAY, DAY]),
        }
    )

    bulk_load.append(GradeRecord, grades)

    stored = GradeRecord.objects.order_by("pk").values_list("course", "value", "credits_attempted", "core")
    assert list(stored) == [("Maths", None, 1, True), ("Art", 0, None, False), ("Maths", 71.5, 2, True)]


def test_more_rows_than_a_block_all_arrive_in_their_order(nora, at_riverside, monkeypatch):
    monkeypatch.setattr(bulk_load, "BLOCK_ROWS", 3)
    words = [f"value {number}" for number in range(10)]

    assert bulk_load.append(StudentAttribute, attributes(nora, *words)) == 10
    assert list(StudentAttribute.objects.order_by("pk").values_list("value", flat=True)) == words


def test_numbers_dates_lists_and_bytes_come_back_to_the_last_digit(db):
    floats = [0.1 + 0.2, 1e-300, 5e-324, -1.7976931348623157e308, math.inf, math.nan]
    frame = pd.DataFrame({"number": floats}).assign(
        whole=pd.array([2**53 + 1, None, 0, -1, 5, 6], dtype="Int64"),
        day=pd.to_datetime(["1900-01-02", None, "2026-03-08", "2026-01-01", "2026-01-02", "2026-01-03"]),
        texts=pd.Series([['a "b"', r"c\d", "", None, "NULL", "é,{}"], [], None, ["x"], ["y"], ["z"]], dtype=object),
        whole_list=pd.Series([[1, -2], [], None, [3], [4], [5]], dtype=object),
        raw=pd.Series([b"\x00\xff\\", b"", None, b"1", b"2", b"3"], dtype=object),
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMP TABLE of_all_kinds"
            " (number float8, whole bigint, day date, texts text[], whole_list smallint[], raw bytea)"
        )
        bulk_load.copy_in("of_all_kinds", frame)
        cursor.execute("SELECT * FROM of_all_kinds")
        stored = cursor.fetchall()

    assert [row[0] for row in stored] == [*floats[:-1], None]
    assert stored[0][1:5] == (2**53 + 1, dt.date(1900, 1, 2), frame["texts"][0], [1, -2])
    assert [bytes(row[5]) for row in stored if row[5] is not None] == [b"\x00\xff\\", b"", b"1", b"2", b"3"]
    assert stored[1][1:5] == (None, None, [], [])
    assert stored[2][3:] == (None, None, None)


def test_a_frame_without_rows_writes_none(nora, at_riverside):
    assert bulk_load.append(StudentAttribute, attributes(nora)) == 0


def test_a_table_can_be_written_twice_in_one_transaction(nora, at_riverside):
    bulk_load.append(StudentAttribute, attributes(nora, "a"))
    bulk_load.append(StudentAttribute, attributes(nora, "a", "b").tail(1))

    assert StudentAttribute.objects.count() == 2


def test_the_staging_table_is_gone_afterwards(nora, at_riverside):
    bulk_load.append(StudentAttribute, attributes(nora, "a"))

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'staging_%'")
        assert cursor.fetchone() == (0,)


def test_an_unknown_column_is_named(nora, at_riverside):
    with pytest.raises(ValueError, match="students_studentattribute has no column colour, mood"):
        bulk_load.append(StudentAttribute, attributes(nora, "a").assign(mood=1, colour=2))


def test_copy_meets_the_wall_like_any_other_write(riverside, nora, elsewhere):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope.entered(scope.of_institution(elsewhere)),
    ):
        bulk_load.append(StudentAttribute, attributes(nora, "a"))


def test_copy_without_a_scope_is_refused(nora):
    with pytest.raises(ProgrammingError, match="row-level security"):
        bulk_load.append(StudentAttribute, attributes(nora, "a"))
