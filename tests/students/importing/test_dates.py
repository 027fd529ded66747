"""Dates are read in the one order that their column shows; where it shows none, nothing is guessed."""

from __future__ import annotations

from datetime import date

import pytest

from students.importing import dates
from students.importing.batches import Batch
from students.importing.dates import AmbiguousDates
from tests.students.importing.small_batches import batch_of, problems, sentences, typed, typing

READ = {
    "2024-09-15": date(2024, 9, 15),
    "2024-9-5": date(2024, 9, 5),
    " 2024-09-15 ": date(2024, 9, 15),
    "2024-09-15T08:30:00Z": date(2024, 9, 15),
    "2024-09-15 08:30:00.123+02:00": date(2024, 9, 15),
    "2024/09/15": date(2024, 9, 15),
    "20240915": date(2024, 9, 15),
    "9/15/2024": date(2024, 9, 15),
    "09/15/24": date(2024, 9, 15),
    "9/15/2024 12:00:00 AM": date(2024, 9, 15),
    "15/9/2024": date(2024, 9, 15),
    "15.9.2024": date(2024, 9, 15),
    "3.4.2024": date(2024, 4, 3),
    "15-09-2024": date(2024, 9, 15),
    "15-SEP-24": date(2024, 9, 15),
    "Sep 15, 2024": date(2024, 9, 15),
    "September 15 2024": date(2024, 9, 15),
    "45550": date(2024, 9, 15),
    "30/12/99": date(1999, 12, 30),
    "5/5/2024": date(2024, 5, 5),
}
NOT_A_DATE = [
    *("2024-02-30", "02/30/2024", "30.2.2024", "20240230", "31-Feb-2024", "13/13/2024", "1/2/3", "24-09-15x"),
    *("-024-01-01", "12024-01-01", "0/0/2024", "1234", "70000", "45550.5", "yesterday", "2024", "=TODAY()"),
]


@pytest.mark.parametrize(("text", "day"), READ.items())
def test_a_date_is_read_in_any_of_the_usual_forms(text: str, day: date) -> None:
    assert typed("attendance", held_on=[text]).rows["held_on"].to_list() == [day]


@pytest.mark.parametrize("text", NOT_A_DATE)
def test_a_day_that_does_not_exist_is_told(text: str) -> None:
    one = typed("attendance", held_on=[text, "2024-09-15"])

    assert problems(one.faults) == [(2, "held_on", "not_a_date")]
    assert one.rows.height == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [("0003-01-01", "date_too_early"), ("6209-01-01", "date_in_future"), ("1/13/0024", "date_too_early")],
)
def test_a_year_beyond_measure_is_told(text: str, problem: str) -> None:
    assert problems(typed("attendance", held_on=[text]).faults) == [(2, "held_on", problem)]


def test_one_day_above_twelve_decides_for_the_whole_column_and_is_noted_once() -> None:
    one_typing = typing()

    first = one_typing.typed(batch_of("attendance", held_on=["3/4/2024", "3/25/2024", "2024-03-05"]))
    later = one_typing.typed(batch_of("attendance", held_on=["5/6/2024", "25/3/2024"]))

    assert first.rows["held_on"].to_list() == [date(2024, 3, 4), date(2024, 3, 25), date(2024, 3, 5)]
    assert later.rows["held_on"].to_list() == [date(2024, 5, 6)]
    assert problems(later.faults) == [(3, "held_on", "not_a_date")]
    assert one_typing.report.notes == ["Dates in records.csv were read as month/day/year."]


def test_a_column_that_shows_no_order_takes_that_of_another_column() -> None:
    one_typing = typing()
    one_typing.typed(batch_of("students", birth_on=["25/12/2009"], file="students.csv"))

    one = one_typing.typed(batch_of("attendance", held_on=["3/4/2024"]))

    assert one.rows["held_on"].to_list() == [date(2024, 4, 3)]
    assert one_typing.report.notes[-1] == "Dates in records.csv were read as day/month/year."


def test_the_order_under_which_a_day_lies_in_the_future_is_wrong() -> None:
    one = typed("attendance", held_on=["11/10/2025", "10/12/2025"])

    assert one.rows["held_on"].to_list() == [date(2025, 11, 10), date(2025, 10, 12)]


def test_dates_that_can_be_read_in_two_ways_are_for_a_person_to_settle() -> None:
    batch = batch_of("attendance", headers={"held_on": "Day"}, held_on=["3/4/2024", "5/6/2024"])

    with pytest.raises(AmbiguousDates) as refusal:
        typing().typed(batch)

    assert str(refusal.value) == (
        'Column "Day" of records.csv: "3/4/2024" can be read as month/day or as day/month. '
        "Name the columns by hand and choose the order, or write year-month-day."
    )


def test_a_few_such_dates_among_others_are_bad_cells() -> None:
    one = typed("attendance", held_on=["2024-03-04", "3/4/2024", "2024-03-05"])

    assert one.rows["line"].to_list() == [2, 4]
    assert sentences(one.faults) == [
        'Line 3, column "held_on": "3/4/2024" can be read as month/day or as day/month. '
        "Write year-month-day, like 2019-09-15."
    ]


@pytest.mark.parametrize(
    ("date_format", "day"),
    [("%m/%d/%Y", date(2024, 3, 4)), ("%d/%m/%Y", date(2024, 4, 3)), ("%d-%m-%y", date(2024, 4, 3))],
)
def test_a_person_chooses_the_order(date_format: str, day: date) -> None:
    rows = batch_of("attendance", held_on=["3/4/2024", "2024-03-04"]).rows

    one = typing().typed(Batch(kind="attendance", rows=rows, date_formats={"held_on": date_format}))

    assert one.rows["held_on"].to_list() == [day, date(2024, 3, 4)]


def test_one_mistake_in_twenty_does_not_hide_the_order() -> None:
    days = [f"3/{day}/2024" for day in [*range(1, 32), 30, 31]] + ["31/3/2024"]

    one = typed("attendance", held_on=days)

    assert one.rows.height == 33
    assert problems(one.faults) == [(35, "held_on", "not_a_date")]


def test_excel_days_are_noted() -> None:
    one_typing = typing()

    one_typing.typed(batch_of("attendance", held_on=["45550"]))

    assert one_typing.report.notes == ["Numbers in date columns of records.csv were read as days as Excel counts them."]


@pytest.mark.parametrize("written", ["%Y-%m-%d", "%m/%d/%Y", "%d.%m.%y"])
def test_a_form_of_dates_names_day_month_and_year(written: str) -> None:
    assert dates.is_format(written)


@pytest.mark.parametrize("written", ["", "%m/%d", "%d/%d/%Y", "%m/%d.%Y", "%H:%M", "%Y%m%d%d", "d/m/y"])
def test_anything_else_is_no_form_of_dates(written: str) -> None:
    assert not dates.is_format(written)
