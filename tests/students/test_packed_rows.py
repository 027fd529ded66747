"""Columns packed by the server hold what Django reads, value for value."""

import datetime as dt

import pandas as pd
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scope
from students.models import Enrolment, Outcome, Student, StudentAttribute, Term
from students.records import packed_rows
from tests import rows
from tests.students.written_by_hand import fact

DAY = dt.date(2025, 9, 1)
ODD_TEXTS = ("", "a,b", 'say "hi"', "back\\slash", "two\nlines", "\\N", "Ünïcødé 学生 🎓", " padded ")


def packed(rows, columns):
    return packed_rows.columns_of({"asked": (rows, columns)}, are_any={})["asked"]


def as_packed(model, columns):
    """Return the rows as plain values, sorted; a number of a column with gaps is whole all the same."""
    plain = pd.DataFrame({name: pd.Series(values) for name, values in packed(model.objects.all(), columns).items()})
    dated = {name: plain[name].dt.date for name in plain if name.endswith("_on")}
    whole = {name: plain[name].astype("Int64") for name in plain if name.endswith("_id")}
    objects = plain.assign(**dated, **whole).astype(object)
    return sorted(map(repr, objects.where(objects.notna(), None).itertuples(index=False, name=None)))


def as_read(model, columns):
    return sorted(map(repr, model.objects.values_list(*columns)))


@pytest.fixture
def student(at_riverside, northside):
    return rows.student(northside)


def test_texts_arrive_as_they_were_stored(student):
    for number, text in enumerate(ODD_TEXTS):
        rows.sound(
            StudentAttribute,
            institution=student.institution,
            student=student,
            name=f"odd_{number}",
            value=text,
            known_on=DAY,
        )
    columns = ("student_id", "name", "value", "known_on", "replaced_on")

    texts = packed(StudentAttribute.objects.all(), columns)["value"].to_pylist()

    assert sorted(texts) == sorted(ODD_TEXTS)
    assert as_packed(StudentAttribute, columns) == as_read(StudentAttribute, columns)


def test_missing_days_and_numbers_are_missing_and_no_others(student, northside):
    others = [
        rows.student(northside, birth_on=birth_on) for birth_on in (None, dt.date(1999, 12, 31), dt.date(1900, 1, 1))
    ]
    fact(Enrolment, others[0], DAY)
    columns = ("id", "birth_on", "known_on", "cohort_id")

    assert as_packed(Student, columns) == as_read(Student, columns)
    columns = ("student_id", "school_id", "grade_level", "entered_on", "exited_on", "exit_known_on", "replaced_on")
    assert as_packed(Enrolment, columns) == as_read(Enrolment, columns)


def test_no_rows_are_columns_without_values_of_their_types(at_riverside):
    columns = packed(Outcome.objects.all(), ("id", "corrects_id", "kind", "happened_on"))

    assert {
        name: (len(values), str(getattr(values, "dtype", values.type if name == "kind" else "")))
        for name, values in columns.items()
    } == {
        "id": (0, "int64"),
        "corrects_id": (0, "float64"),
        "kind": (0, "large_string"),
        "happened_on": (0, "datetime64[s]"),
    }


def test_rows_of_others_stay_out_and_several_kinds_come_at_once(student, riverside, elsewhere):
    for institution in (riverside, elsewhere):
        with scope.entered(scope.of_institution(institution)):
            Term.objects.create(institution=institution, school_year=2026, term="1", starts_on=DAY, ends_on=DAY)
    asked = {"terms": (Term.objects.filter(institution=riverside), ("school_year", "term"))}
    asked["students"] = (Student.objects.all(), ("id",))

    with CaptureQueriesContext(connection) as queries:
        answer = packed_rows.columns_of(
            asked, are_any={"any stay": Enrolment.objects.all(), "any student": Student.objects.all()}
        )

    assert (answer["terms"]["school_year"].tolist(), answer["terms"]["term"].to_pylist()) == ([2026], ["1"])
    assert answer["students"]["id"].tolist() == [student.pk]
    assert (answer["any stay"], answer["any student"]) == (False, True)
    assert len(queries) == 1
