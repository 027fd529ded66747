"""Numbers that lost their zeros, children under two numbers, numbers of two children: a person says who is meant."""

import pytest

from students.models import Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import case
from tests.students.two_schools import days, days_of_all, known, numbers, two_empty_schools, two_schools

__all__ = ["days", "days_of_all", "known", "numbers", "two_empty_schools", "two_schools"]

Stage = Upload.Stage


def test_numbers_that_lost_their_zeros_are_asked_about(two_schools, numbers, days, tmp_path):
    lost = case("case_05_roster_without_leading_zeros.csv")
    upload = bring_in(two_schools, lost)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert question["name"] == "students.numbers"
    assert [(value["value"], value["n"]) for value in question["values"]] == [("zeros", 12)]
    assert "4711 = 0004711" in question["values"][0]["words"]
    same = {"students.numbers": {"zeros": "same"}}
    assert bring_in(two_schools, lost, answers=same, tmp_path=tmp_path).stage == Stage.DONE
    assert (len(numbers()), "4711" in numbers()) == (12, False)


def test_absences_of_numbers_that_lost_their_zeros_are_asked_about(two_schools, days, tmp_path):
    path = tmp_path / "attendance.csv"
    path.write_text("student_id,held_on,category\n" + "".join(f"{n},2026-09-08,absent\n" for n in range(4711, 4716)))
    upload = bring_in(two_schools, path)
    assert [question["name"] for question in upload.questions] == ["students.numbers"]
    assert bring_in(two_schools, path, answers={"students.numbers": {"zeros": "same"}}).stage == Stage.DONE
    assert [row[0] for row in days()] == [f"000{n}" for n in range(4711, 4716)]


def test_a_child_under_another_number_is_asked_about(two_schools, numbers, tmp_path):
    path = tmp_path / "students.csv"
    header = "student_id,given_name,family_name,birth_on,school_id,entered_on\n"
    path.write_text(header + "9001,ADA,Berg,2010-01-11,20,2026-11-02\n9002,Zoe,New,2010-01-11,20,2026-11-02\n")
    (question,) = bring_in(two_schools, path).questions
    (value,) = question["values"]
    assert (value["value"], value["known"], value["words"]) == ("9001", "0004711", "ADA Berg, 2010-01-11")
    same = {"students.numbers": {"9001": "0004711"}}
    assert bring_in(two_schools, path, answers=same).stage == Stage.DONE
    assert (len(numbers()), "9001" in numbers(), "9002" in numbers()) == (13, False, True)


@pytest.mark.parametrize(
    ("meaning", "kept"),
    [
        ("by_school", {"1001": "Ada", "1001@20": "Hal", "1002": "Ben", "2002@20": "Ida"}),
        ("corrected", {"1001": "Hal", "1002": "Ben", "2002": "Ida"}),
        ("leave_out", {"1001": "Ada", "1002": "Ben", "2002": "Ida"}),
    ],
)
def test_one_number_of_two_children_is_asked_about(two_empty_schools, numbers, tmp_path, meaning, kept):
    bring_in(two_empty_schools, case("case_06_north_first.csv"))
    south = tmp_path / "students.csv"
    south.write_bytes(case("case_06_south_second_same_number.csv").read_bytes())
    upload = bring_in(two_empty_schools, south)
    assert upload.stage == Stage.ASKING
    (question,) = upload.questions
    assert [value["words"] for value in question["values"]] == ["Ada Berg, 2010-01-11 → Hal Ives, 2009-03-02"]
    said = {"students.reused": {"1001": meaning}}
    assert bring_in(two_empty_schools, south, answers=said).stage == Stage.DONE
    assert numbers() == kept


def test_absences_go_to_the_child_of_their_school(two_empty_schools, days_of_all, tmp_path):
    bring_in(two_empty_schools, case("case_06_north_first.csv"))
    south = tmp_path / "students.csv"
    south.write_bytes(case("case_06_south_second_same_number.csv").read_bytes())
    bring_in(two_empty_schools, south, answers={"students.reused": {"1001": "by_school"}})
    told, silent = tmp_path / "attendance.csv", tmp_path / "absences.csv"
    told.write_text("student_id,held_on,category,school_id\n1001,2026-09-08,absent,10\n1001,2026-09-09,absent,20\n")
    silent.write_text("student_id,held_on,category\n1001,2026-09-10,absent\n1002,2026-09-10,absent\n")
    for path in (told, silent):
        upload = bring_in(two_empty_schools, path)
        assert upload.stage == Stage.DONE
    assert days_of_all() == [("1001", "2026-09-08"), ("1001@20", "2026-09-09"), ("1002", "2026-09-10")]
    assert upload.summary["notes"] == [
        "Rows left out, as schools share their numbers and the file does not say which is meant: 1."
    ]
