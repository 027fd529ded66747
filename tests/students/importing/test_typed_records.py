"""Every cell is typed or told; a bad row is left out, and all the others go on."""

from __future__ import annotations

import random
import string
from datetime import date

import polars as pl
import pytest

from students.importing.batches import Batch, no_faults
from students.importing.plausibility import RULES, severities
from students.importing.record_kinds import kinds
from tests.students.importing.small_batches import FILE, GOOD, batch_of, problems, sentences, typed, typing

DAY = date(2025, 9, 15)


@pytest.mark.parametrize("kind", list(GOOD))
def test_a_good_row_has_every_column_of_its_kind_with_its_type(kind: str) -> None:
    one = typed(kind, **{name: [value] for name, value in GOOD[kind].items()})

    dtypes = {"text": pl.String, "word": pl.String, "number": pl.Float64, "date": pl.Date, "boolean": pl.Boolean}
    wanted = {field.name: dtypes[field.type] for field in kinds()[kind].fields}
    assert dict(one.rows.schema) == {**wanted, "file": pl.String, "line": pl.Int64}
    assert one.rows.height == 1
    assert one.faults.is_empty()
    assert one.warnings.is_empty()


def test_an_empty_cell_takes_the_default_and_else_stays_missing() -> None:
    one = typed("attendance", excused=["", None], n_sessions=[" ", "2"], minutes=["", "10"])

    assert one.rows.select("excused", "n_sessions", "minutes").rows() == [(False, 1.0, None), (False, 2.0, 10.0)]


def test_texts_lose_white_space_at_their_ends_and_keep_markup_and_marks_of_direction() -> None:
    names = ["  Ana\t", "<b>Ben</b>", "\u202eCleo", "=cmd|' /C calc'!A0", "\u00a0Núñez\u3000"]

    one = typed("students", given_name=names)

    assert one.rows["given_name"].to_list() == ["Ana", "<b>Ben</b>", "\u202eCleo", "=cmd|' /C calc'!A0", "Núñez"]


def test_texts_with_control_characters_or_too_long_are_told_by_the_header_of_the_file() -> None:
    batch = batch_of("students", headers={"given_name": "First Name"}, given_name=["A\x00a", "B" * 151, "é" * 150])

    one = typing().typed(batch)

    assert one.rows.height == 1
    assert problems(one.faults) == [(2, "First Name", "control_character"), (3, "First Name", "too_long")]
    assert sentences(one.faults)[1].startswith('Line 3, column "First Name": the value is longer than 150 characters.')


def test_a_missing_required_cell_is_told_once_and_its_row_left_out() -> None:
    one = typed("attendance", student_id=["", "s2", None], held_on=["2025-09-15", "n/a", "2025-09-15"])

    assert one.rows.is_empty()
    assert problems(one.faults) == [
        (2, "student_id", "missing"),
        (3, "held_on", "missing"),
        (4, "student_id", "missing"),
    ]


NUMBERS = {
    "12.5": 12.5, " 7 ": 7.0, "+3": 3.0, "1e1": 10.0, "": None, "NULL": None, "n/a": None, "85%": 85.0,
}  # fmt: skip
BAD_NUMBERS = {
    "nan": "not_a_number",
    "inf": "not_a_number",
    "1e999": "not_a_number",
    "=1+1": "not_a_number",
    "twelve": "not_a_number",
    "12,5": "decimal_comma",
    "1,234": "thousands_separator",
    "1 234": "thousands_separator",
    "1.234.567": "thousands_separator",
    "-1": "out_of_range",
}


@pytest.mark.parametrize(("text", "value"), NUMBERS.items())
def test_a_number_is_read(text: str, value: float | None) -> None:
    one = typed("grades", value=[text])

    assert one.rows["value"].to_list() == [value]


@pytest.mark.parametrize(("text", "problem"), BAD_NUMBERS.items())
def test_what_is_no_number_is_told(text: str, problem: str) -> None:
    one = typed("grades", value=[text, "50"])

    assert one.rows["value"].to_list() == [50.0]
    assert problems(one.faults) == [(2, "value", problem)]


def test_decimal_commas_are_read_where_the_column_has_no_other_and_values_are_not_separated_by_commas() -> None:
    semicolons = typing(delimiter=";")

    first = semicolons.typed(batch_of("grades", value=["12,5", "7", "99,25"]))
    later = semicolons.typed(batch_of("grades", value=["1.5", "8,5"]))
    mixed = typed("grades", delimiter=";", value=["12,5", "7.5"])

    assert first.rows["value"].to_list() == [12.5, 7.0, 99.25]
    assert later.rows["value"].to_list() == [8.5]
    assert problems(later.faults) == [(2, "value", "not_a_number")]
    assert problems(mixed.faults) == [(2, "value", "decimal_comma")]


@pytest.mark.parametrize("word", ["yes", "Y", "TRUE", "1", "x", "T"])
def test_yes_is_read_in_any_spelling(word: str) -> None:
    assert typed("attendance", excused=[word]).rows["excused"].to_list() == [True]


def test_neither_yes_nor_no_is_told() -> None:
    one = typed("attendance", excused=["No", "0", "maybe", "2"])

    assert one.rows["excused"].to_list() == [False, False]
    assert problems(one.faults) == [(4, "excused", "not_yes_no"), (5, "excused", "not_yes_no")]


def test_words_are_read_by_their_aliases_in_any_case_and_others_are_told_with_the_list() -> None:
    one = typed("attendance", category=["ABSENT", "Late", "t", " Truant ", "Present", "sick"])

    assert one.rows["category"].to_list() == ["absent", "tardy", "tardy", "absent", "present"]
    assert sentences(one.faults) == [
        'Line 7, column "category": "sick" is not an allowed value. Allowed: absent, tardy, present.'
    ]


def test_an_attendance_word_tells_whether_it_was_excused_unless_the_cell_says_so() -> None:
    categories = ["Unexcused", "Excused absence", "excused", "Tardy Excused", "U", "absent"]

    one = typed("attendance", category=categories, excused=["", "", "no", "", "", ""])

    assert one.rows["excused"].to_list() == [False, True, False, True, False, False]


def test_letter_grades_count_on_the_scale_of_four_points_and_passes_have_no_grade() -> None:
    one = typed("grades", value=["A+", "b-", "F", "Pass", "88", "Z"], scale_max=["100", "", "", "", "", ""])

    assert one.rows.select("value", "scale_max").rows() == [
        (4.0, 4.0),
        (2.7, 4.0),
        (0.0, 4.0),
        (None, 100.0),
        (88.0, 100.0),
    ]
    assert problems(one.faults) == [(7, "value", "not_a_number")]


def test_a_grade_above_its_scale_is_refused_whatever_the_institution_chose() -> None:
    one = typed("grades", rules={"grade_outside_scale": "off"}, value=["21", "101", "20"], scale_max=["20", "", "20"])

    assert one.rows["line"].to_list() == [4]
    assert sentences(one.faults)[0] == 'Line 2, column "value": the grade 21 is above its scale. The best is 20.'


def test_an_outcome_needs_a_kind_or_an_exit_code() -> None:
    one = typed("outcomes", kind=["Drop Out", "", ""], exit_code=["", "Dropout", ""])

    assert one.rows["kind"].to_list() == ["dropped_out", None]
    assert problems(one.faults) == [(4, "kind", "missing")]


def test_nothing_is_known_before_it_happened() -> None:
    one = typed("attendance", known_on=["2025-09-01", "2025-09-20", ""])

    assert one.rows["known_on"].to_list() == [DAY, date(2025, 9, 20), None]


def test_an_exit_is_known_from_its_day_on_and_a_last_day_before_the_first_is_told() -> None:
    one = typed(
        "enrolments",
        entered_on=["2024-09-01"] * 3,
        exited_on=["2025-06-30", "", "2024-08-01"],
        exit_known_on=["2025-01-01", "2025-01-01", ""],
    )

    assert one.rows["exit_known_on"].to_list() == [date(2025, 6, 30), None]
    assert sentences(one.faults) == [
        'Line 4, column "exited_on": 2024-08-01 is before the first day, 2024-09-01. Correct one of them.'
    ]


RULE_CASES = {
    "date_too_early": ("attendance", "held_on", "1989-12-31", "1990-01-01"),
    "date_in_future": ("attendance", "held_on", "2025-11-16", "2025-11-15"),
    "birth_age": ("students", "birth_on", "2023-01-01", "2010-01-01"),
}


@pytest.mark.parametrize(("rule", "case"), RULE_CASES.items())
def test_a_rule_refuses_warns_or_is_off_as_chosen(rule: str, case: tuple[str, str, str, str]) -> None:
    kind, column, odd, plausible = case

    refused, warned, off = (
        typed(kind, rules={rule: severity}, **{column: [odd, plausible]}) for severity in ("refuse", "warn", "off")
    )

    assert problems(refused.faults) == problems(warned.warnings) == [(2, column, rule)]
    assert [one.rows.height for one in (refused, warned, off)] == [1, 2, 2]
    assert warned.faults.is_empty()
    assert off.warnings.is_empty()


@pytest.mark.parametrize(("birth", "is_odd"), [("1985-01-01", False), ("1984-01-01", True), ("2021-11-14", False)])
def test_a_student_is_four_to_forty_years_old(birth: str, is_odd: bool) -> None:
    assert (typed("students", birth_on=[birth]).warnings.height == 1) is is_odd


def test_a_calendar_may_lie_ahead() -> None:
    assert typed("school_days", held_on=["2026-06-30"]).faults.is_empty()
    assert problems(typed("school_days", held_on=["6209-01-01"]).faults) == [(2, "held_on", "date_in_future")]


@pytest.mark.parametrize(
    ("written", "ends_in"),
    [("25-26", 2026), ("25/26", 2026), ("99-00", 2000), ("98/99", 1999), ("09–10", 2010), ("AY 2025-2026", 2026)]
    + [("2025-2026 S1", 2026), ("2025-26 Semester 2", 2026), ("AY 25/26", 2026), ("2025-2026 School Year", 2026)],
)
def test_a_school_year_is_known_by_the_year_it_ends_in(written: str, ends_in: int) -> None:
    assert typed("terms", school_year=[written]).rows["school_year"].to_list() == [ends_in]


@pytest.mark.parametrize("written", ["25-27", "25/25", "2025-2027", "9-10", "2025-26 S9", "2025-26 exam", "25-26-27"])
def test_a_school_year_that_may_mean_another_is_refused(written: str) -> None:
    assert problems(typed("terms", school_year=[written]).faults) == [(2, "school_year", "not_a_number")]


def test_settings_keep_defaults_fixed_rules_and_pass_unknown_words_over() -> None:
    chosen = severities({"birth_age": "refuse", "grade_outside_scale": "off", "date_too_early": "loud", "new": "off"})

    assert chosen == {name: rule.severity for name, rule in RULES.items()} | {"birth_age": "refuse"}


def test_a_line_of_a_roster_that_is_bad_is_left_out_of_all_its_kinds_and_told_once() -> None:
    one_typing = typing()
    lines = {"student_id": ["s1", "s2"], "school_id": ["h1", "h" * 101]}

    students = one_typing.typed(batch_of("students", **lines))
    enrolments = one_typing.typed(batch_of("enrolments", **lines))

    assert students.rows["student_id"].to_list() == enrolments.rows["student_id"].to_list() == ["s1"]
    assert problems(students.faults) == [(3, "school_id", "too_long")]
    assert enrolments.faults.is_empty()


def test_columns_that_are_typed_already_are_checked_but_not_read_again() -> None:
    rows = batch_of("grades", value=["x", "x"]).rows
    rows = rows.with_columns(awarded_on=pl.lit(DAY), value=pl.Series([19.0, 21.0]), scale_max=pl.lit(20))

    one = typing().typed(Batch(kind="grades", rows=rows))

    assert one.rows.select("awarded_on", "value").rows() == [(DAY, 19.0)]
    assert problems(one.faults) == [(3, "value", "grade_outside_scale")]


def test_faults_of_the_reader_are_kept_in_the_order_of_the_file() -> None:
    batch = batch_of("students", student_id=["s1", ""])
    ragged = pl.DataFrame([(FILE, 2, "", "3", "ragged", "4")], schema=no_faults().schema, orient="row")

    one = typing().typed(Batch(kind="students", rows=batch.rows, faults=ragged))

    assert problems(one.faults) == [(2, "", "ragged"), (3, "student_id", "missing")]


@pytest.mark.parametrize("seed", range(6))
def test_rubbish_in_every_cell_raises_nothing_and_every_row_is_kept_or_told(seed: int) -> None:
    cells = _rubbish(seed)
    for kind in kinds().values():
        columns = {name: cells[place:] + cells[:place] for place, name in enumerate(kind.columns)}
        rows = pl.DataFrame({**columns, "file": [FILE] * len(cells), "line": list(range(len(cells)))})

        formats = dict.fromkeys(kind.columns, "%d/%m/%Y")
        one = typing().typed(Batch(kind=kind.name, rows=rows, date_formats=formats))

        assert set(one.rows["line"]) | set(one.faults["line"]) == set(range(len(cells)))
        assert set(one.rows["line"]).isdisjoint(one.faults["line"])
        assert all(sentences(one.faults))


def _rubbish(seed: int) -> list[str | None]:
    chosen = random.Random(seed)
    signs = string.digits * 3 + "/.-:, T" + string.printable + "é\u202e\u0000\U0001f600"
    made = ["".join(chosen.choices(signs, k=chosen.randint(0, 12))) for _ in range(30)]
    known = [None, "", "2024-02-30", "0003-01-01", "-024-01-01", "1/2/2024", "13/13/2024", "45000", "99999999", "1e400"]
    return [*made, *known]
