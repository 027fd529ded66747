"""What stands where there is no day is no day, and a few odd cells decide nothing for the column around them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from students.importing import containers, dates, formats
from students.importing.batches import Batch, Options
from students.importing.typed_records import RowParser
from tests.students.importing.small_batches import batch_of, problems, sentences, typed, typing

PLACEHOLDERS = [
    *("9999-12-31", "2099-12-31", "2999-12-31", "12/31/9999", "31/12/9999", "31.12.2099", "31/12/99", "12/31/99"),
    *("9999-12-31T00:00:00", "12/31/9999 12:00:00 AM", "31-DEC-99", "Dec 31, 9999", "99991231", "9999-12-31T23:59:59Z"),
    *("00/00/0000", "0000-00-00", "00.00.00", "00000000"),
]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_no_end_is_no_end_and_is_told_once(text: str) -> None:
    one_typing = typing()

    for _batch in range(2):
        batch = batch_of("enrolments", entered_on=["2024-09-01"] * 2, exited_on=["2025-06-30", text])
        one = one_typing.typed(batch)

    assert one.rows["exited_on"].to_list() == [date(2025, 6, 30), None]
    assert one.rows["planned_exit_on"].null_count() == 2
    assert one.faults.is_empty()
    assert one_typing.report.notes == [
        'Days in "exited_on" of records.csv that stand for "no end", like 9999-12-31, were read as no day at all.'
    ]


@pytest.mark.parametrize("text", PLACEHOLDERS)
def test_where_a_day_is_meant_a_placeholder_is_refused_by_its_name(text: str) -> None:
    one = typed("attendance", rules={"date_in_future": "off"}, held_on=[text, "2025-09-15"])

    assert problems(one.faults) == [(2, "held_on", "placeholder_date")]
    assert sentences(one.faults) == [
        f'Line 2, column "held_on": "{text}" is what systems write where there is no day. '
        "Write the day, like 2019-09-15, or leave the cell empty."
    ]


def test_no_end_is_no_end_where_the_reader_has_typed_the_days() -> None:
    rows = batch_of("enrolments", exited_on=["", ""]).rows
    rows = rows.with_columns(exited_on=pl.Series([date(9999, 12, 30), date(2025, 6, 30)]))

    one = typing().typed(Batch(kind="enrolments", rows=rows))

    assert one.rows["exited_on"].to_list() == [None, date(2025, 6, 30)]


@pytest.mark.parametrize("odd", ["31/12/99", "12/31/9999", "31.12.2099", "25/12/2024"])
def test_one_odd_cell_says_nothing_about_the_rest_of_the_file(odd: str) -> None:
    one_typing = typing()
    one_typing.typed(batch_of("enrolments", entered_on=["2024-09-02"] * 3, exited_on=["2025-03-04", odd, "2025-03-05"]))

    other = one_typing.typed(batch_of("students", birth_on=["2009-03-04", "3/4/2009", "2009-03-05"]))

    assert not [note for note in one_typing.report.notes if "were read as day/month" in note or "month/day" in note]
    assert problems(other.faults) == [(3, "birth_on", "ambiguous_date")]


def test_a_placeholder_does_not_turn_the_days_of_its_column_round() -> None:
    days = ["13/1/2025", "3/4/2025", "12/31/9999"]

    one = typed("enrolments", entered_on=["2024-09-02"] * 3, exited_on=days)

    assert one.rows["exited_on"].to_list() == [date(2025, 1, 13), date(2025, 4, 3), None]


def test_a_placeholder_proves_no_order() -> None:
    texts = pl.Series(["13/1/2025", "3/4/2025", "12/31/9999"])

    assert dates.evidence(texts, earliest=date(1990, 1, 1), latest=date(2025, 11, 14)).order == "dmy"


def test_a_handful_of_odd_cells_in_a_long_column_are_judged_alone() -> None:
    iso = [f"2025-{month:02}-{day:02}" for month in range(1, 11) for day in range(1, 11)]

    one_typing = typing()
    one = one_typing.typed(batch_of("attendance", held_on=[*iso, "25/3/2025", "26/3/2025", "3/4/2025"]))

    assert one.rows["held_on"].to_list()[-2:] == [date(2025, 3, 25), date(2025, 3, 26)]
    assert problems(one.faults) == [(104, "held_on", "ambiguous_date")]
    assert one_typing.report.notes == []


def test_a_column_half_of_one_form_is_read_in_the_order_it_shows() -> None:
    iso = ["2025-03-03"] * 6

    one = typed("attendance", held_on=[*iso, "25/3/2025", "26/3/2025", "3/4/2025"])

    assert one.rows["held_on"].to_list()[-1] == date(2025, 4, 3)


@pytest.mark.parametrize(
    ("kind", "column", "text", "day"),
    [
        ("students", "birth_on", "31/12/99", date(1999, 12, 31)),
        ("students", "birth_on", "25/03/25", date(2025, 3, 25)),
        ("students", "birth_on", "25/03/26", date(1926, 3, 25)),
        ("enrolments", "planned_exit_on", "30/06/27", date(2027, 6, 30)),
        ("enrolments", "planned_exit_on", "30/06/98", date(1998, 6, 30)),
        ("terms", "ends_on", "30/06/27", date(2027, 6, 30)),
        ("attendance", "held_on", "15/09/25", date(2025, 9, 15)),
        ("attendance", "held_on", "15/09/98", date(1998, 9, 15)),
    ],
)
def test_a_year_of_two_digits_is_of_the_century_that_fits_its_column(
    kind: str, column: str, text: str, day: date
) -> None:
    one = typed(kind, rules={"birth_age": "off"}, **{column: [text]})

    assert one.rows[column].to_list() == [day]


def test_a_day_of_this_year_that_lies_ahead_is_told_as_one_and_not_taken_for_a_century_ago() -> None:
    births = typed("students", birth_on=["25/12/25"])
    absences = typed("attendance", held_on=["25/12/25"])

    assert problems(births.faults) == [(2, "birth_on", "date_in_future")]
    assert problems(absences.faults) == [(2, "held_on", "date_in_future")]


def test_a_planned_end_is_no_proof_of_the_order() -> None:
    one_typing = typing()
    one_typing.typed(batch_of("students", file="students.csv", birth_on=["25/12/2009"]))

    one = one_typing.typed(batch_of("enrolments", entered_on=["2024-09-02"], exited_on=["01/12/2025"]))

    assert one.rows["planned_exit_on"].to_list() == [date(2025, 12, 1)]


def test_a_later_proof_does_not_settle_an_odd_cell_among_iso_days(tmp_path: Path) -> None:
    """The first rows hold one day that can be read in two ways, a much later one proves an order: of itself alone."""
    days = [f"2026-0{1 + n % 9}-{1 + n % 28:02}" for n in range(2500)]
    days[4], days[2000] = "03/04/2026", "25/12/2025"
    lines = ["student_id,held_on,category", *(f"{n},{day},absent" for n, day in enumerate(days))]
    path = tmp_path / "attendance.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")

    container = containers.opened(path, "attendance.csv")
    recognised = formats.recognise(container, schemas={}, mappings={})
    reader = formats.reader_for(recognised, container, Options(today=date(2026, 11, 30)))
    one_typing = RowParser(today=date(2026, 11, 30), rules={}, report=reader.report)
    read = [one_typing.typed(batch) for batch in reader.batches()]

    faults = [(line, problem) for one in read for line, problem in one.faults.select("line", "problem").iter_rows()]
    assert faults == [(6, "ambiguous_date")]
    assert reader.report.notes == []
