"""`import_records` does what the page does, here and now, and fails aloud."""

import json

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from accounts import scope
from jobs.models import Job, State
from students.models import Student, Upload
from tests.flat_cohort import write_flat_cohort

SCHEMA = str(settings.COHORT_SCHEMAS_DIR / "uci_697.yaml")


def run(path, *words, schema=SCHEMA, institution="riverside"):
    call_command("import_records", str(path), "--institution", institution, "--schema", str(schema), *words)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "cohort.csv"
    write_flat_cohort(path, n=30, seed=1)
    return path


def n_students(institution):
    with scope.entered(scope.of_institution(institution)):
        return Student.objects.count()


def test_a_file_is_imported_and_told_as_one_json_object(riverside, file, capsys):
    run(file, "--format", "cohort", "--json")

    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    with scope.entered(scope.of_institution(riverside)):
        upload = Upload.objects.select_related("job").get()
    assert (told["upload"], told["n_rows"], told["counts"]["students"]) == (str(upload.public_id), 30, 30)
    assert (upload.filename, upload.created_by, upload.job.state) == ("cohort.csv", None, State.DONE)
    assert n_students(riverside) == 30


def test_the_same_command_again_changes_nothing(riverside, file, capsys):
    run(file)
    run(file)

    assert capsys.readouterr().out.splitlines() == ["Imported 30 students from cohort.csv."] * 2
    assert (n_students(riverside), Job.objects.count()) == (30, 1)


def test_every_fault_is_told_with_its_line_and_nothing_is_saved(riverside, file, capsys):
    faults = write_flat_cohort(file, n=30, seed=1, mistakes=("bad_type", "out_of_range", "not_allowed"))

    with pytest.raises(CommandError, match="Nothing was saved"):
        run(file)

    told = capsys.readouterr().err
    assert all(f"ine {fault.line}" in told and fault.column in told for fault in faults)
    assert len(told.splitlines()) == 3
    assert n_students(riverside) == 0


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted(riverside, file, capsys):
    write_flat_cohort(file, n=200, seed=1, mistakes=("bad_type",) * 70)

    with pytest.raises(CommandError):
        run(file)

    told = capsys.readouterr().err.splitlines()
    assert (len(told), told[-1]) == (51, "… and 20 more.")


def test_a_mended_schema_or_file_is_tried_again(riverside, file):
    write_flat_cohort(file, n=30, seed=1, mistakes=("bad_type",))
    with pytest.raises(CommandError):
        run(file)
    with pytest.raises(CommandError):
        run(file)

    write_flat_cohort(file, n=30, seed=1)
    run(file)

    assert n_students(riverside) == 30


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"path": "gone.csv"}, r"There is no file gone\.csv"),
        ({"schema": "gone.yaml"}, r"There is no file gone\.yaml"),
        ({"institution": "nowhere"}, 'There is no institution "nowhere". Known: riverside'),
    ],
)
def test_what_is_not_there_is_named(riverside, file, changes, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(**{"path": file} | changes)


def test_a_schema_that_is_none_is_refused_with_its_reasons(riverside, file, tmp_path):
    (tmp_path / "schema.yaml").write_text("name: mine\ncolour: red\n")

    with pytest.raises(CommandError, match="colour"):
        run(file, schema=tmp_path / "schema.yaml")
    assert not Job.objects.exists()


def test_a_schema_in_another_encoding_is_refused_too(riverside, file, tmp_path):
    (tmp_path / "schema.yaml").write_bytes("name: é".encode("latin-1"))

    with pytest.raises(CommandError, match="UTF-8"):
        run(file, schema=tmp_path / "schema.yaml")
