"""What says what it means is asked nothing: the example district, the base files of two schools, the control bundle."""

import pytest
from django.core.management import call_command

from students.models import Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import case
from tests.students.two_schools import two_schools

__all__ = ["two_schools"]

Stage = Upload.Stage


def district(folder, *, students):
    call_command(
        *("generate_district", "--students", str(students), "--years", "2", "--seed", "5", "--ends-on", "2026-06-12"),
        *("--csv", str(folder)),
    )
    return folder


@pytest.mark.parametrize("students", [300, pytest.param(20_000, marks=pytest.mark.slow)])
def test_a_district_goes_in_twice_without_a_question(riverside, tmp_path, students):
    folder = district(tmp_path / "district", students=students)

    first = bring_in(riverside, folder)
    again = bring_in(riverside, folder, "--again")

    assert (first.stage, first.questions, first.n_bad_rows) == (Stage.DONE, [], 0)
    assert (again.stage, again.questions) == (Stage.DONE, [])
    assert {kind: counts["new"] + counts["changed"] for kind, counts in again.difference["kinds"].items()} == (
        dict.fromkeys(again.difference["kinds"], 0)
    )


def test_each_file_of_a_district_alone_is_asked_nothing(riverside, tmp_path):
    folder = district(tmp_path / "district", students=300)
    bring_in(riverside, folder)

    for path in sorted(folder.glob("*.csv")):
        upload = bring_in(riverside, path)
        assert (upload.stage, upload.questions) == (Stage.DONE, []), path.name


def test_base_files_a_second_time_are_asked_nothing(two_schools):
    for name in ("students", "grades", "attendance", "discipline"):
        path = case("case_05_roster_first.csv") if name == "students" else case(f"base_{name}.csv")
        upload = bring_in(two_schools, path, "--again")
        assert (upload.stage, upload.questions) == (Stage.DONE, []), name


def test_the_control_bundle_is_asked_nothing(riverside):
    upload = bring_in(riverside, case("case_or_ok.zip"))

    assert (upload.stage, upload.questions) == (Stage.DONE, [])
    new = {kind: upload.difference["kinds"][kind]["new"] for kind in ("schools", "terms", "students", "enrolments")}
    assert new == {"schools": 1, "terms": 1, "students": 2, "enrolments": 2}
