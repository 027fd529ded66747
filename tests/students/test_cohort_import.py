"""A flat cohort is stored whole, with the day each fact became known, or not at all."""

import datetime as dt

import pytest

from accounts import scope
from jobs import queue
from jobs.models import Job, State
from students.models import (
    AttendanceRecord,
    Cohort,
    Enrolment,
    GradeRecord,
    Outcome,
    ProtectedAttribute,
    Student,
    StudentAttribute,
    Upload,
)
from students.uploads import import_run
from tests.students.uploading import SCHEMA, cohort_bytes, send, work_on

STORED = (Student, Enrolment, GradeRecord, StudentAttribute, ProtectedAttribute, Outcome, AttendanceRecord, Cohort)
ENTRY, FIRST_SEMESTER, SECOND_SEMESTER = dt.date(2018, 9, 15), dt.date(2019, 2, 28), dt.date(2019, 7, 31)
END = dt.date(2021, 7, 31)
PROTECTED = {
    *("marital_status", "nationality", "mother_qualification", "father_qualification", "mother_occupation"),
    *("father_occupation", "displaced", "special_needs", "gender", "age_at_enrolment", "international"),
}


def n_stored(institution):
    with scope.entered(scope.of_institution(institution)):
        return {model.__name__: model.objects.count() for model in STORED if model.objects.exists()}


def test_a_good_file_is_stored_whole_and_counted(riverside, ines, tmp_path):
    upload = work_on(send(riverside, cohort_bytes(tmp_path), by=ines)[0])

    counts = upload.summary["counts"]
    assert (upload.job.state, upload.job.error, upload.n_rows, upload.n_errors) == (State.DONE, "", 40, 0)
    assert n_stored(riverside) == {
        "Student": 40,
        "Enrolment": 40,
        "GradeRecord": 80,
        "StudentAttribute": counts["attributes"],
        "ProtectedAttribute": 40 * len(PROTECTED),
        "Outcome": 40,
        "Cohort": 1,
    }
    assert (counts["students"], counts["grades"], counts["outcomes"]) == (40, 80, 40)
    assert (upload.cohort.snapshot_on, upload.cohort.horizon_days) == (FIRST_SEMESTER, 1096)


def test_every_fact_keeps_the_day_it_became_known_and_its_upload(riverside, at_riverside, tmp_path):
    upload = work_on(send(riverside, cohort_bytes(tmp_path))[0])

    known = {model: set(model.objects.values_list("known_on", flat=True)) for model in STORED if model is not Cohort}
    assert known[Student] == known[Enrolment] == known[ProtectedAttribute] == {ENTRY}
    assert known[GradeRecord] == {FIRST_SEMESTER, SECOND_SEMESTER}
    assert known[StudentAttribute] == {ENTRY, FIRST_SEMESTER, SECOND_SEMESTER}
    assert known[Outcome] == {END}
    assert set(GradeRecord.objects.values_list("upload_id", flat=True)) == {upload.pk}
    assert set(Student.objects.values_list("cohort_id", flat=True)) == {upload.cohort_id}


def test_protected_attributes_stand_in_their_own_table_alone(riverside, at_riverside, tmp_path):
    work_on(send(riverside, cohort_bytes(tmp_path))[0])

    assert set(ProtectedAttribute.objects.values_list("name", flat=True)) == PROTECTED
    assert not StudentAttribute.objects.filter(name__in=PROTECTED).exists()


def test_outcomes_name_their_source_and_who_sent_them(riverside, ines, at_riverside, tmp_path):
    upload = work_on(send(riverside, cohort_bytes(tmp_path), by=ines, filename="final.csv")[0])

    (told,) = Outcome.objects.values_list("source", "recorded_by", "recorded_at", "happened_on").distinct()
    assert told == ("final.csv", ines.pk, upload.merged_at, END)
    assert set(Outcome.objects.values_list("kind", flat=True)) == {"dropped_out", "graduated", "continued"}


@pytest.mark.parametrize(
    ("mistakes", "problems"),
    [
        (("bad_type", "out_of_range", "missing"), {"not_a_number", "out_of_range", "missing"}),
        (("unknown_column",), {"unknown_column"}),
        (("ragged",), {"ragged"}),
        (("comma",), {"wrong_delimiter"}),
    ],
)
def test_a_bad_file_saves_nothing_and_keeps_every_fault(riverside, tmp_path, mistakes, problems):
    upload = work_on(send(riverside, cohort_bytes(tmp_path, mistakes=mistakes))[0])

    assert (upload.job.state, upload.job.error) == (State.DONE, "")
    assert upload.stage in (Upload.Stage.REVIEW, Upload.Stage.REFUSED)
    assert problems <= {error["problem"] for error in upload.errors}
    assert upload.n_errors == len(upload.errors) > 0
    assert all(error["sentence"] for error in upload.errors)
    assert n_stored(riverside) == {}


def test_the_first_five_hundred_faults_are_kept_and_all_are_counted(riverside, tmp_path):
    upload = work_on(send(riverside, cohort_bytes(tmp_path, n=520, mistakes=("bad_type",) * 510))[0])

    lines = [error["line"] for error in upload.errors]
    assert (len(lines), upload.n_errors, upload.n_bad_rows) == (500, 510, 510)
    assert lines == sorted(lines)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", b"\x00" * 100, b"Marital status\n"])
def test_what_is_no_csv_fails_with_a_sentence_and_not_with_a_trace(riverside, content):
    upload = work_on(send(riverside, content)[0])

    assert (upload.stage, upload.job.error) == (Upload.Stage.REFUSED, "")
    assert upload.n_errors > 0
    assert n_stored(riverside) == {}


def test_students_that_are_here_already_are_compared_with_what_is_kept(riverside, at_riverside, tmp_path):
    work_on(send(riverside, cohort_bytes(tmp_path))[0])

    second = work_on(send(riverside, cohort_bytes(tmp_path, n=50))[0])

    students = second.difference["kinds"]["students"]
    assert second.stage == Upload.Stage.DONE
    assert (students["new"], students["gone"]) == (10, 0)
    assert n_stored(riverside)["Student"] == 50


def test_the_same_file_sent_again_changes_nothing(riverside, tmp_path):
    first = work_on(send(riverside, cohort_bytes(tmp_path))[0])
    before = n_stored(riverside)

    again = work_on(send(riverside, cohort_bytes(tmp_path))[0])

    assert again == first
    assert (again.job.state, again.job.attempts) == (State.DONE, 1)
    assert n_stored(riverside) == before


def test_two_institutions_keep_the_same_students_apart(riverside, elsewhere, tmp_path):
    for institution in (riverside, elsewhere):
        upload = work_on(send(institution, cohort_bytes(tmp_path))[0])
        assert upload.job.state == State.DONE

    assert n_stored(riverside) == n_stored(elsewhere)
    with scope.entered(scope.of_institution(riverside)):
        assert set(Student.objects.values_list("institution", "school__institution")) == {(riverside.pk, riverside.pk)}


def test_a_worker_that_lost_the_job_stores_nothing(transactional_db, riverside, tmp_path, monkeypatch):
    upload, _is_new = send(riverside, cohort_bytes(tmp_path))
    merge = import_run.merging.merge

    def merge_too_late(*args, **kwargs):
        Job.objects.filter(pk=upload.job_id).update(attempts=2)
        return merge(*args, **kwargs)

    monkeypatch.setattr(import_run.merging, "merge", merge_too_late)

    work_on(upload)

    assert n_stored(riverside) == {}


def test_a_second_attempt_stores_what_the_first_could_not(transactional_db, riverside, tmp_path, monkeypatch):
    upload, _is_new = send(riverside, cohort_bytes(tmp_path))
    with monkeypatch.context() as broken:
        broken.setattr(import_run.merging, "merge", lambda *args, **kwargs: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            work_on(upload)
    failed, _is_new = send(riverside, cohort_bytes(tmp_path))
    queue.requeue(job=failed.job, by=None, now=failed.created_at, wakes=False)

    upload = work_on(failed)

    assert upload.job.state == State.DONE
    assert n_stored(riverside)["Student"] == 40


def test_another_schema_under_a_known_name_is_refused(riverside, tmp_path):
    first = work_on(send(riverside, cohort_bytes(tmp_path))[0])
    shorter = SCHEMA.replace("horizon_days: 1096", "horizon_days: 1000")

    second = work_on(send(riverside, cohort_bytes(tmp_path, seed=2), schema=shorter)[0])

    assert (first.stage, second.stage) == (Upload.Stage.DONE, Upload.Stage.REFUSED)
    assert "another schema" in second.errors[0]["sentence"]
