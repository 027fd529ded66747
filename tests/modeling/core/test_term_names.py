"""Grades find their term in the calendar, however the two files write its name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modeling.core import term_names
from modeling.core.school_calendar import SchoolCalendar, days

SAME = {
    "s1": [
        "S1",
        "Semester 1",
        "1st semester",
        "First Semester",
        "HS1",
        "1. Halbjahr",
        "Sem. 1",
        "Semester I",
        "S1 2025",
    ],
    "s2": ["S2", "2nd Semester 2025-26", "2. HJ", "second half", "SEMESTER  2"],
    "q1": ["Q1", "Quarter 1", "1st Quarter", "Qtr 1"],
    "t1": ["T1", "Trimester 1", "Term 1", "1st trimester"],
    "fall": ["Fall", "Fall 2025", "Fall Semester", "Autumn term", "Michaelmas", "Michaelmas Term 2025"],
    "spring": ["Spring", "Lent term", "Spring Semester 2026"],
}
OWN = {
    "1": "1",
    "Semester 1 Final": "semester 1 final",
    "S1 Q2": "s1 q2",
    "Fall Q1": "fall q1",
    "S7": "s7",
    "2025": "2025",
}


@pytest.mark.parametrize(("short", "name"), [(short, name) for short, names in SAME.items() for name in names])
def test_a_term_is_known_by_any_of_its_names(short: str, name: str) -> None:
    assert term_names.short_name(name) == short


@pytest.mark.parametrize(("name", "short"), OWN.items())
def test_what_may_be_another_term_keeps_its_name(name: str, short: str) -> None:
    assert term_names.short_name(name) == short


@pytest.mark.parametrize(
    ("in_calendar", "in_grades"),
    [(("S1", "S2"), "Semester 1"), (("1. Halbjahr", "2. Halbjahr"), "HS1"), (("Autumn term", "Spring"), "Fall 2025")],
)
def test_a_grade_belongs_to_the_term_that_its_file_writes_otherwise(
    in_calendar: tuple[str, str], in_grades: str
) -> None:
    school_year, starts_on = _terms_of(_calendar(in_calendar), "2026-03-20", in_grades)

    assert (school_year, starts_on) == (2026, "2025-09-15")


def test_a_year_in_both_names_tells_the_term_whenever_the_grade_came() -> None:
    calendar = _calendar(("Fall 2024", "Fall 2025"), starts=("2024-09-02", "2025-09-15"), years=(2025, 2026))

    assert _terms_of(calendar, "2026-03-20", "Fall 2024") == (2025, "2024-09-02")
    assert _terms_of(calendar, "2026-03-20", "Fall") == (2026, "2025-09-15")


def test_a_quarter_is_no_semester_and_a_bare_number_neither() -> None:
    calendar = _calendar(("S1", "S2"))

    assert _terms_of(calendar, "2026-03-20", "Q1") == (2026, "2025-08-02")
    assert _terms_of(calendar, "2026-03-20", "1") == (2026, "2025-08-02")


@pytest.mark.parametrize("names", [("S1", "S2"), ("Fall", "Spring"), ("1. Halbjahr", "2. Halbjahr"), ("1", "2")])
def test_without_a_calendar_the_first_term_lies_before_the_second(names: tuple[str, str]) -> None:
    calendar = _calendar((), starts=(), years=())

    first, second = (_terms_of(calendar, "2026-06-20", name)[1] for name in names)

    assert first < second


def _calendar(
    names: tuple[str, ...],
    starts: tuple[str, ...] = ("2025-09-15", "2026-02-02"),
    years: tuple[int, ...] = (2026, 2026),
) -> SchoolCalendar:
    terms = pd.DataFrame({"school_year": list(years), "term": list(names), "starts_on": days(starts)})
    none = pd.DataFrame({"held_on": days([])})
    return SchoolCalendar.until(np.datetime64("2026-06-30"), school_days=none, terms=terms)


def _terms_of(calendar: SchoolCalendar, awarded_on: str, name: str) -> tuple[int, str]:
    school_year, starts_on = calendar.terms_of(days([awarded_on]), np.array([0]), [name])
    return int(school_year[0]), str(starts_on[0])


def test_the_last_day_of_a_term_is_that_of_its_year_and_name() -> None:
    terms = pd.DataFrame(
        [(2025, "Fall", "2024-09-02", "2025-01-17"), (2026, "Fall", "2025-09-01", "2026-01-16")]
        + [(2026, "Year", "2025-09-01", "2026-06-12")],
        columns=["school_year", "term", "starts_on", "ends_on"],
    )
    calendar = SchoolCalendar.until(np.datetime64("2026-06-30"), school_days=pd.DataFrame({"held_on": []}), terms=terms)
    starts_on = days(["2024-09-02", "2025-09-01", "2025-09-01", "2024-09-02", "2025-09-01"])

    ends_on = calendar.term_ends(starts_on, ["Fall", "Fall", "Year", "Year", None])

    assert [str(day) for day in ends_on] == ["2025-01-17", "2026-01-16", "2026-06-12", "NaT", "NaT"]
