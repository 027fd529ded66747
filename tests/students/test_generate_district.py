"""`generate_district`: invented students, into an institution of their own or into files."""

import json

import pytest
from django.core.management import CommandError, call_command

from accounts import scope
from students.models import (
    AttendanceRecord,
    Enrolment,
    GradeRecord,
    Outcome,
    ProtectedAttribute,
    SchoolDay,
    Student,
    Term,
)

SIZE = ["--students", "120", "--years", "2", "--ends-on", "2025-06-13"]


def generate(*words):
    call_command("generate_district", *SIZE, *words)


def last_line(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_district_is_stored_and_told_as_one_json_object(riverside, capsys):
    generate("--institution", "riverside", "--seed", "3", "--json")

    told = last_line(capsys)
    with scope.entered(scope.of_institution(riverside)):
        stored = {
            name: model.objects.count()
            for name, model in {
                "students": Student,
                "enrolments": Enrolment,
                "attendance": AttendanceRecord,
                "grades": GradeRecord,
                "outcomes": Outcome,
                "protected": ProtectedAttribute,
            }.items()
        }
        n_days, n_terms = SchoolDay.objects.count(), Term.objects.count()
    assert {name: told["counts"][name] for name in stored} == stored
    assert told["ends_on"] == "2025-06-13"
    assert stored["students"] >= 120
    assert n_days > 300
    assert n_terms >= 4
    riverside.refresh_from_db()
    assert riverside.is_synthetic


def test_every_student_is_at_the_school_of_their_newest_enrolment(riverside, at_riverside):
    generate("--institution", "riverside", "--seed", "3")

    for student in Student.objects.prefetch_related("enrolment_set"):
        newest = max(student.enrolment_set.all(), key=lambda enrolment: enrolment.entered_on)
        assert student.school_id == newest.school_id


def test_real_people_are_never_mixed_with_invented_ones(nora, riverside):
    with pytest.raises(CommandError, match="Riverside Unified has students already"):
        generate("--institution", "riverside")

    riverside.refresh_from_db()
    assert not riverside.is_synthetic
    with scope.entered(scope.of_institution(riverside)):
        assert Student.objects.count() == 1


def test_the_same_seed_writes_the_same_bytes(tmp_path, capsys):
    for folder, seed in (("first", "3"), ("second", "3"), ("third", "4")):
        generate("--csv", str(tmp_path / folder), "--seed", seed, "--json")

    files = {
        folder: {file.name: file.read_bytes() for file in (tmp_path / folder).iterdir()}
        for folder in ("first", "second", "third")
    }
    assert len(files["first"]) == 12
    assert files["first"] == files["second"]
    assert files["first"]["attendance.csv"] != files["third"]["attendance.csv"]
    counts = last_line(capsys)["counts"]
    assert counts["students"] == files["third"]["students.csv"].count(b"\n") - 1


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "Give either --institution SLUG or --csv DIR"),
        (["--institution", "riverside", "--csv", "somewhere"], "Give either"),
        (["--institution", "nowhere"], 'There is no institution "nowhere". Known: riverside'),
        (["--institution", "riverside", "--students", "0"], "student"),
        (["--institution", "riverside", "--years", "-1"], "year"),
    ],
)
def test_a_refusal_says_what_to_do(riverside, words, sentence):
    with pytest.raises(CommandError, match=sentence):
        generate(*words)
