"""Columns packed by the server hold what Django reads, value for value."""

import datetime as dt

import pytest

from accounts import scope
from students import packed_rows
from students.models import Enrolment, Outcome, Student, StudentAttribute, Term
from tests import rows
from tests.students.written_by_hand import fact

DAY = dt.date(2025, 9, 1)
ODD_TEXTS = ("", "a,b", 'say "hi"', "back\\slash", "two\nlines", "\\N", "Ünïcødé 学生 🎓", " padded ")


def as_packed(model, columns):
    table = packed_rows.of_queryset(model._default_manager.all(), columns)
    return sorted(map(repr, zip(*(table[name].to_pylist() for name in columns), strict=True)))


def as_read(model, columns):
    return sorted(map(repr, model._default_manager.values_list(*columns)))


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

    packed = packed_rows.of_queryset(StudentAttribute.objects.all(), columns)

    assert sorted(packed["value"].to_pylist()) == sorted(ODD_TEXTS)
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


def test_no_rows_are_columns_without_values(at_riverside):
    packed = packed_rows.of_queryset(Outcome.objects.all(), ("id", "corrects_id", "kind", "happened_on"))

    assert (packed.num_rows, packed.column_names) == (0, ["id", "corrects_id", "kind", "happened_on"])


def test_rows_of_others_stay_out(student, riverside, elsewhere):
    for institution in (riverside, elsewhere):
        with scope.entered(scope.of_institution(institution)):
            Term.objects.create(institution=institution, school_year=2026, term="1", starts_on=DAY, ends_on=DAY)

    packed = packed_rows.of_queryset(Term.objects.filter(institution=riverside), ("school_year", "term"))

    assert packed.to_pylist() == [{"school_year": 2026, "term": "1"}]
