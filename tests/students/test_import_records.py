"""`import_records` does what the page does, here and now, and fails aloud; `undo_upload` takes it back."""

import json
import zipfile

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from accounts import scope
from jobs.models import Job, State
from students.models import AttendanceRecord, Student, Upload
from tests.flat_cohort import write_flat_cohort

SCHEMA = str(settings.COHORT_SCHEMAS_DIR / "uci_697.yaml")
ROSTER = "student_id,given_name,family_name,school_id,grade_level,entered_on\n" + "".join(
    f"S{number},Given{number},Family{number},N,9,2025-08-25\n" for number in range(5)
)
ABSENCES = "student_id,held_on,category\n" + "".join(f"S{number},2026-03-02,absent\n" for number in range(5))
BAD = "S1,2026-02-30,absent\n"


def run(path, *words, institution="riverside", schema=None):
    more = ("--schema", str(schema)) if schema else ()
    call_command("import_records", str(path), "--institution", institution, *more, *words)


@pytest.fixture
def cohort(tmp_path):
    path = tmp_path / "cohort.csv"
    write_flat_cohort(path, n=30, seed=1)
    return path


@pytest.fixture
def folder(tmp_path):
    """An export of two files, and what a desktop leaves beside them."""
    path = tmp_path / "export"
    path.mkdir()
    (path / "students.csv").write_text(ROSTER)
    (path / "attendance.csv").write_text(ABSENCES)
    (path / ".DS_Store").write_bytes(b"\0")
    return path


@pytest.fixture
def absences(riverside, folder, tmp_path):
    """A file of absences, of students who are there."""
    run(folder / "students.csv")
    path = tmp_path / "attendance.csv"
    path.write_text(ABSENCES)
    return path


@pytest.fixture
def stored(riverside):
    def count(model):
        with scope.entered(scope.of_institution(riverside)):
            return model.objects.count()

    return count


@pytest.fixture
def newest(riverside):
    def upload():
        with scope.entered(scope.of_institution(riverside)):
            return Upload.objects.select_related("job").latest("pk")

    return upload


def told(capsys):
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_a_cohort_is_imported_and_told_as_one_json_object(cohort, stored, newest, capsys):
    run(cohort, "--format", "cohort", "--json", schema=SCHEMA)

    answer, upload = told(capsys), newest()
    assert (answer["upload"], answer["stage"], answer["n_rows"]) == (str(upload.public_id), "done", 30)
    assert (answer["n_bad_rows"], answer["counts"]["students"]) == (0, 30)
    assert answer["difference"]["kinds"]["students"]["new"] == 30
    assert (upload.filename, upload.created_by, upload.job.state) == ("cohort.csv", None, State.DONE)
    assert stored(Student) == 30


def test_a_folder_goes_in_as_one_upload(folder, stored, newest, capsys):
    run(folder)

    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("Imported export.zip: 1")
    assert lines[-1].endswith(" new, 0 changed, 0 gone.")
    assert any(line.startswith("attendance: 5 new") for line in lines)
    assert (stored(Student), stored(AttendanceRecord)) == (5, 5)
    with zipfile.ZipFile(default_storage.path(newest().stored_as)) as archive:
        members = archive.infolist()
    assert [member.filename for member in members] == ["attendance.csv", "students.csv"]
    assert {member.compress_type for member in members} == {zipfile.ZIP_STORED}


def test_the_same_folder_again_is_the_same_upload_and_changes_nothing(folder, stored, capsys, riverside):
    run(folder)
    (folder / "students.csv").touch()
    run(folder, "--json")

    assert (told(capsys)["stage"], Job.objects.count(), stored(AttendanceRecord)) == ("done", 1, 5)


def test_again_looks_at_the_same_file_once_more(absences, capsys):
    run(absences)
    run(absences, "--again", "--json")

    changes = told(capsys)["difference"]["kinds"]["attendance"]
    assert (changes["unchanged"], changes["new"]) == (5, 0)


def test_a_dry_run_says_what_would_change_and_changes_nothing(absences, stored, newest, capsys):
    run(absences, "--dry-run", "--json")

    answer = told(capsys)
    assert (answer["stage"], newest().stage) == ("discarded", "discarded")
    assert answer["difference"]["kinds"]["attendance"]["new"] == 5
    assert stored(AttendanceRecord) == 0


def test_after_a_dry_run_the_file_can_be_brought_in(absences, stored):
    run(absences, "--dry-run")
    run(absences)

    assert stored(AttendanceRecord) == 5


def test_what_a_complete_file_lacks_is_no_longer_true(absences, stored, capsys):
    run(absences)
    absences.write_text("\n".join(ABSENCES.splitlines()[:3]) + "\n")

    run(absences, "--complete", "--json")

    assert told(capsys)["difference"]["kinds"]["attendance"]["gone"] == 3
    assert stored(AttendanceRecord) == 2


@pytest.mark.parametrize("words", [(), ("--confirm",), ("--leave-out-bad-rows",)])
def test_a_bad_row_stops_the_file_and_is_told(absences, stored, newest, capsys, words):
    absences.write_text(ABSENCES + BAD)

    with pytest.raises(CommandError, match="Nothing was saved: 1 rows are wrong"):
        run(absences, *words)

    assert "2026-02-30" in capsys.readouterr().err
    assert (stored(AttendanceRecord), newest().stage) == (0, "review")


def test_a_failure_is_told_as_json_too(absences, capsys):
    absences.write_text(ABSENCES + BAD)

    with pytest.raises(CommandError):
        run(absences, "--json")

    answer = told(capsys)
    assert (answer["stage"], answer["n_rows"], answer["n_bad_rows"]) == ("review", 6, 1)


def test_the_good_rows_go_in_once_both_words_are_said(absences, stored, capsys):
    absences.write_text(ABSENCES + BAD)
    with pytest.raises(CommandError):
        run(absences)

    run(absences, "--confirm", "--leave-out-bad-rows")

    assert capsys.readouterr().out.splitlines()[-1] == "Imported attendance.csv: 5 new, 0 changed, 0 gone."
    assert stored(AttendanceRecord) == 5


def test_every_fault_of_a_cohort_is_told_with_its_line_and_nothing_is_saved(cohort, stored, capsys, riverside):
    faults = write_flat_cohort(cohort, n=30, seed=1, mistakes=("bad_type", "out_of_range", "not_allowed"))

    with pytest.raises(CommandError, match="Nothing was saved"):
        run(cohort, schema=SCHEMA)

    said = capsys.readouterr().err
    assert all(f"ine {fault.line}" in said and fault.column in said for fault in faults)
    assert len(said.splitlines()) == 3
    assert stored(Student) == 0


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted(cohort, capsys, riverside):
    write_flat_cohort(cohort, n=200, seed=1, mistakes=("bad_type",) * 70)

    with pytest.raises(CommandError):
        run(cohort, schema=SCHEMA)

    said = capsys.readouterr().err.splitlines()
    assert (len(said), said[-1]) == (51, "… and 20 more.")


def test_a_mended_file_is_tried_again(cohort, stored, riverside):
    write_flat_cohort(cohort, n=30, seed=1, mistakes=("bad_type",))
    for _time in range(2):
        with pytest.raises(CommandError):
            run(cohort, schema=SCHEMA)

    write_flat_cohort(cohort, n=30, seed=1)
    run(cohort, schema=SCHEMA)

    assert stored(Student) == 30


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"path": "gone.csv"}, r"There is no file gone\.csv"),
        ({"schema": "gone.yaml"}, r"There is no file gone\.yaml"),
        ({"institution": "nowhere"}, 'There is no institution "nowhere". Known: riverside'),
    ],
)
def test_what_is_not_there_is_named(riverside, cohort, changes, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(**{"path": cohort} | changes)


def test_an_empty_folder_is_named(riverside, tmp_path):
    (tmp_path / ".hidden").write_text("x")

    with pytest.raises(CommandError, match="There is no file in"):
        run(tmp_path)


def test_a_schema_that_is_none_is_refused_with_its_reasons(riverside, cohort, tmp_path):
    (tmp_path / "schema.yaml").write_text("name: mine\ncolour: red\n")

    with pytest.raises(CommandError, match="colour"):
        run(cohort, schema=tmp_path / "schema.yaml")
    assert not Job.objects.exists()


def test_a_schema_in_another_encoding_is_refused_too(riverside, cohort, tmp_path):
    (tmp_path / "schema.yaml").write_bytes("name: é".encode("latin-1"))

    with pytest.raises(CommandError, match="UTF-8"):
        run(cohort, schema=tmp_path / "schema.yaml")


def test_a_file_too_large_is_refused(riverside, cohort, settings):
    settings.UPLOAD_MAX_BYTES = 100

    with pytest.raises(CommandError, match="Split it, or raise the limit"):
        run(cohort, schema=SCHEMA)


def test_what_a_file_brought_is_taken_back(absences, stored, newest, capsys):
    run(absences)
    public_id = str(newest().public_id)

    call_command("undo_upload", public_id, "--institution", "riverside", "--json")

    assert told(capsys) == {"upload": public_id, "stage": "undone"}
    assert (stored(AttendanceRecord), stored(Student)) == (0, 5)
    with pytest.raises(CommandError, match="is not brought in"):
        call_command("undo_upload", public_id, "--institution", "riverside")


def test_what_later_files_touched_is_not_taken_back(absences, stored, newest):
    absences.write_text("student_id,held_on,category,excused\nS1,2026-03-02,absent,false\n")
    run(absences)
    first = newest()
    later = absences.with_name("corrected.csv")
    later.write_text("student_id,held_on,category,excused\nS1,2026-03-02,absent,true\n")
    run(later)

    with pytest.raises(CommandError, match=r"corrected\.csv"):
        call_command("undo_upload", str(first.public_id), "--institution", "riverside")
    assert stored(AttendanceRecord) == 1


def test_an_upload_of_another_institution_is_not_known(absences, newest, elsewhere):
    run(absences)

    with pytest.raises(CommandError, match="has no upload"):
        call_command("undo_upload", str(newest().public_id), "--institution", "elsewhere")
