"""One child under two numbers within one file: asked about where it is more than chance, and the answer is kept."""

import datetime as dt
import random

import polars as pl
import pytest
from django.db import transaction

from accounts import scope
from simulation.district import simulate_district
from students.changes.staging import Context, Staging
from students.import_sql import identities
from students.importing.batches import Batch
from students.importing.student_numbers import Numbers
from students.models import Enrolment, Upload
from tests.students.import_by_command import bring_in
from tests.students.staged import NOW, typed
from tests.students.two_schools import numbers, two_empty_schools

__all__ = ["numbers", "two_empty_schools"]

Stage = Upload.Stage
HEADER = "student_id,given_name,family_name,birth_on,school_id,entered_on,exited_on\n"
TWICE = (
    HEADER
    + "9001,ADA,Berg,2010-01-11,10,2026-09-01,2026-10-30\n9002,Zoe,New,2010-01-11,20,2026-09-01,\n"
    + "7001,Ada,Berg,2010-01-11,20,2026-11-02,\n"
)


@pytest.fixture
def roster(tmp_path):
    def of(text, name="students.csv"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return of


def test_a_child_under_two_numbers_of_one_file_is_asked_about(two_empty_schools, roster):
    upload = bring_in(two_empty_schools, roster(TWICE))
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    (value,) = question["values"]
    assert (value["value"], value["known"], value["words"]) == ("7001", "9001", "Ada Berg, 2010-01-11")
    assert question["proposal"] == {}


def test_who_is_said_to_be_one_child_is_one(two_empty_schools, roster, numbers):
    same = {"students.numbers": {"7001": "9001"}}
    upload = bring_in(two_empty_schools, roster(TWICE), answers=same)
    assert (upload.stage, upload.n_bad_rows) == (Stage.DONE, 0)
    assert sorted(numbers()) == ["9001", "9002"]
    with scope.entered(scope.of_institution(two_empty_schools)):
        places = Enrolment.objects.filter(student__external_id="9001").order_by("entered_on")
        assert [(row.school.external_id, row.exited_on) for row in places] == [
            ("10", dt.date(2026, 10, 30)),
            ("20", None),
        ]


def test_the_answer_holds_for_the_next_file(two_empty_schools, roster, numbers):
    later = TWICE + "9003,Noa,Fry,2010-02-11,20,2026-11-02,\n"
    for answer, kept in (("other", ["7001", "9001", "9002", "9003"]), ("9001", ["7001", "9001", "9002", "9003"])):
        first = bring_in(two_empty_schools, roster(TWICE), answers={"students.numbers": {"7001": answer}})
        assert first.stage == Stage.DONE
        assert bring_in(two_empty_schools, roster(later)).stage == Stage.DONE
        assert sorted(numbers()) == kept


def test_a_new_number_beside_the_known_one_is_asked_about(two_empty_schools, roster):
    bring_in(two_empty_schools, roster(HEADER + "9001,Ada,Berg,2010-01-11,10,2026-09-01,\n"))
    both = HEADER + "7001,Ada,Berg,2010-01-11,20,2026-11-02,\n9001,Ada,Berg,2010-01-11,10,2026-09-01,\n"
    (question,) = bring_in(two_empty_schools, roster(both)).questions
    assert [(value["value"], value["known"]) for value in question["values"]] == [("7001", "9001")]


def test_two_that_are_on_record_as_two_are_not_asked_about(two_empty_schools, roster, numbers):
    bring_in(two_empty_schools, roster(TWICE), answers={"students.numbers": {"7001": "other"}})
    other_shape = "\n".join(f"{line},grade_level" if n == 0 else f"{line},9" for n, line in enumerate(TWICE.split()))
    assert bring_in(two_empty_schools, roster(other_shape)).questions == []
    assert len(numbers()) == 3


def test_placeholders_are_no_children_under_two_numbers(two_empty_schools, roster):
    rows = (f"{n},Student,Unknown,2010-01-01,10,2026-09-01,\n" for n in range(9000, 9030))
    assert bring_in(two_empty_schools, roster(HEADER + "".join(rows))).stage == Stage.DONE


def test_pairs_that_chance_brings_are_not_asked_about(two_empty_schools):
    # Two hundred students of forty names, born on a hundred days: five pairs are to be expected.
    draw = random.Random(1).randrange
    rows = [(f"n{n}", "Ana", f"Of {draw(40)}", f"2010-{1 + draw(4):02}-{1 + draw(25):02}") for n in range(200)]
    assert 0 < 200 - len({row[1:] for row in rows}) < identities.MOST_PAIRS
    assert _asked(two_empty_schools, rows) == []


@pytest.mark.parametrize("n", [1_200, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_simulated_district_asks_nothing_and_one_child_of_it_twice_is_found(two_empty_schools, n):
    simulated = simulate_district(n_students=n, n_years=1, seed=1, ends_on=dt.date(2026, 6, 1)).students
    people = simulated[["student_id", "given_name", "family_name", "birth_on"]]
    rows = [(*row[:3], row[3].date().isoformat()) for row in people.itertuples(index=False)]
    assert _asked(two_empty_schools, rows) == []
    again = [(f"again {number}", *row) for number, *row in rows[: max(1, n // 500)]]
    asked = {value["value"] for value in _asked(two_empty_schools, rows + again)}
    assert asked >= {number for number, *_row in again}


def test_answers_that_lead_on_are_followed():
    numbers = Numbers({"students.numbers": {"3": "2", "2": "1", "9": "other"}}, known=lambda of_schools: [])
    assert numbers._same == {"3": "1", "2": "1"}


def test_numbers_of_merged_students_are_those_of_the_kept_ones():
    known = {False: ["0007", "9001"], True: ["7@20"]}
    numbers = Numbers({}, known=lambda of_schools: known[of_schools], merged={"7@20": "9001", "8": "9001"})
    told = {"student_id": ["7", "7", "8", "8", "6"], "school_id": ["20", "10", "20", None, "10"]}
    absences = numbers.applied(Batch(kind="attendance", rows=pl.DataFrame(told)))
    assert absences.rows["student_id"].to_list() == ["9001", "7", "9001", "9001", "6"]
    people = numbers.applied(Batch(kind="students", rows=pl.DataFrame({"student_id": ["8", "9001"]})))
    assert people.rows["student_id"].to_list() == ["9001"]


def _asked(institution, rows):
    """Return whom a roster of numbers, names and birthdays would be stopped for."""
    people = [
        {"student_id": number, "given_name": given, "family_name": family, "birth_on": dt.date.fromisoformat(born)}
        for number, given, family, born in rows
    ]
    with scope.entered(scope.of_institution(institution)), transaction.atomic(), Staging() as staging:
        staging.add(typed("students", *people))
        context = Context(institution=institution, upload=None, by=None, now=NOW)
        return [value for question in identities.questions(staging, context, {}) for value in question.values]
