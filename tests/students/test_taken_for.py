"""The review page and the command say what a file is taken for, with two rows as they will read."""

import io

from django.core.management import call_command

from students.models import Upload
from students.uploads import taken_for
from tests.people import signed_in
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import case
from tests.students.two_schools import two_schools

__all__ = ["two_schools"]

PERIODS = {"attendance.unit": {"is": "period", "a_day": 7}}


def test_a_file_is_said_to_be_what_it_is_read_as(two_schools, tmp_path):
    upload = bring_in(two_schools, case("case_01_period_attendance.csv"), answers=PERIODS, tmp_path=tmp_path)

    assert taken_for.sentence(upload) == "case_01_period_attendance.csv is taken for: Absences and tardies (34 rows)."
    first, second = taken_for.rows(upload)
    assert first.startswith("0004711: absent on ")
    assert first.endswith(" 2026, 0.14 of a day")
    assert second != first


def test_while_it_is_asked_about_its_rows_are_not_told(two_schools):
    upload = bring_in(two_schools, case("case_01_period_attendance.csv"))

    assert taken_for.sentence(upload).endswith("is taken for: Absences and tardies (34 rows).")
    assert taken_for.rows(upload) == []


def test_a_roster_is_students_and_their_enrolments(two_schools, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student_id,given_name,family_name,school_id,grade_level\n0004799,Nora,Lind,10,9\n")

    upload = bring_in(two_schools, path)

    assert taken_for.sentence(upload) == "roster.csv is taken for: Students (1 row) and Enrolments (1 row)."
    assert taken_for.rows(upload)[0] == "0004799, first name Nora, last name Lind"


def test_protected_attributes_are_never_among_the_rows(two_schools, tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text("student_id,given_name,school_id,grade_level,gender\n0004799,Nora,10,9,canary\n")

    upload = bring_in(two_schools, path)

    assert "canary" not in str(upload.summary)


def test_page_and_command_say_it(two_schools, ines, tmp_path):
    path, out = tmp_path / "grades.csv", io.StringIO()
    path.write_text("student_id,awarded_on,course,value\n0004711,2026-10-01,Art,88\n")
    call_command("import_records", str(path), "--institution", two_schools.slug, stdout=out)
    said = ["grades.csv is taken for: Grades (1 row).", "0004711: 88 of 100 in Art on 1 Oct 2026"]

    page = signed_in(ines).get(f"/records/{newest(two_schools).public_id}/").content.decode()

    assert all(line in out.getvalue() for line in said)
    assert all(line in page for line in said)


def newest(institution):
    from accounts import scope

    with scope.entered(scope.of_institution(institution)):
        return Upload.objects.order_by("-pk").first()
