"""A file on its whole way: what is confirmed is what was seen, nothing else changes, and nothing forbidden is kept."""

import threading
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from accounts import scope
from jobs import claims
from jobs.models import Job
from students.changes import undo
from students.models import AttendanceRecord, Source, Student, Upload
from students.uploads import import_run, uploads
from tests.students.uploading import send

Stage = Upload.Stage
STUDENTS = "student_id,given_name,school_id,grade_level,entered_on\n"
ROSTER = STUDENTS + "".join(f"s{n},Given,N,9,2025-08-25\n" for n in range(1, 11))
WITH_SSN = ROSTER.replace("given_name,", "given_name,SSN,").replace("Given,", "Given,123-45-6789,")
FOREIGN = "Learner ref,Missed on,What\ns1,2025-09-01,A\ns2,2025-09-02,T\n"
MAPPING = {
    "kind": "attendance",
    "columns": {"student_id": "Learner ref", "held_on": "Missed on", "category": "What"},
    "date_format": "",
}


def sent(institution, text, *, filename="students.csv", **options):
    given = {"schema": "", "auto_confirm": False} | options
    upload, _is_new = send(institution, text.encode(), filename=filename, **given)
    return worked_on(upload)


def worked_on(upload):
    """Do what waits for an upload, as a worker does."""
    works = {
        Stage.CHECKING: (upload.job_id, import_run.check_upload),
        Stage.MERGING: (upload.merge_job_id, import_run.merge_upload),
        Stage.UNDOING: (upload.undo_job_id, undo.undo_upload),
    }
    job_id, work = works[Stage(upload.stage)]
    claims.run_job(job_id=job_id, work=work)
    return reloaded(upload)


def reloaded(upload):
    with scope.entered(scope.of_institution(upload.institution)):
        return Upload.objects.select_related("institution", "job", "merge_job", "undo_job", "source").get(pk=upload.pk)


def asked(deed, upload, **given):
    """Ask for something on behalf of nobody in particular, and do the work."""
    with scope.entered(scope.of_institution(upload.institution)):
        changed = deed(upload=upload, by=None, now=timezone.now(), wakes=False, **given)
    return worked_on(changed)


def brought_in(institution, text, **given):
    return asked(uploads.confirm, sent(institution, text, **given), skip_invalid_rows=True)


def test_a_check_changes_nothing_and_says_what_would(riverside, northside, at_riverside):
    upload = sent(riverside, ROSTER)

    assert upload.stage == Stage.REVIEW
    assert upload.difference["kinds"]["students"]["new"] == upload.n_rows == 10
    assert not Student.objects.exists()


def test_a_difference_nobody_saw_is_not_merged(riverside, northside, at_riverside):
    seen = sent(riverside, ROSTER)
    brought_in(riverside, STUDENTS + "s1,Given,N,9,2025-08-25\n")

    upload = asked(uploads.confirm, seen, skip_invalid_rows=False)

    assert (upload.stage, upload.summary["changed_since"]) == (Stage.REVIEW, True)
    assert upload.difference["kinds"]["students"]["new"] == 9
    assert Student.objects.count() == 1
    assert asked(uploads.confirm, upload, skip_invalid_rows=False).stage == Stage.DONE


def test_the_same_file_sent_by_two_at_once_is_one_upload(transactional_db, riverside):
    start, found = threading.Barrier(2), []

    def one():
        try:
            start.wait(timeout=10)
            found.append(send(riverside, ROSTER.encode(), schema=""))
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _both in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    (first, _), (second, _) = found
    assert first == second
    assert sorted(is_new for _upload, is_new in found) == [False, True]
    assert not list(Path(default_storage.path("uploads/riverside")).glob(".arriving-*"))


def test_wrong_rows_stay_out_only_when_somebody_says_so(riverside, northside, at_riverside):
    upload = sent(riverside, ROSTER + "s11,Given,N,9,2025-02-30\n")

    with pytest.raises(uploads.HasBadRows):
        asked(uploads.confirm, upload, skip_invalid_rows=False)
    upload = asked(uploads.confirm, upload, skip_invalid_rows=True)

    assert (upload.stage, upload.n_bad_rows, Student.objects.count()) == (Stage.DONE, 1, 10)
    assert "2025-02-30" in Path(default_storage.path(upload.quarantine_as)).read_text(encoding="utf-8-sig")


def test_what_waits_for_nobodys_word_cannot_be_confirmed_or_put_aside(riverside, northside, at_riverside):
    upload = brought_in(riverside, ROSTER)

    with pytest.raises(uploads.WrongStage):
        asked(uploads.confirm, upload, skip_invalid_rows=True)
    with pytest.raises(uploads.WrongStage):
        uploads.discard(upload=upload, by=None, now=timezone.now())


def test_a_forbidden_column_is_named_and_leaves_no_trace_on_disk(transactional_db, riverside, northside):
    upload = brought_in(riverside, WITH_SSN)

    kept = [path.read_bytes() for path in Path(default_storage.path("uploads/riverside")).iterdir()]
    assert (upload.stage, upload.summary["withheld"]) == (Stage.DONE, {"students.csv": ["SSN"]})
    assert kept
    assert not any(b"123-45" in content for content in kept)


def test_columns_named_once_are_known_the_next_time(riverside, northside, at_riverside):
    brought_in(riverside, ROSTER)
    foreign = sent(riverside, FOREIGN, filename="export.csv")
    assert foreign.stage == Stage.MAPPING

    first = asked(uploads.name_columns, foreign, source_name="Old system", mapping=MAPPING, is_complete=False)
    first = asked(uploads.confirm, first, skip_invalid_rows=False)
    second = sent(riverside, FOREIGN + "s3,2025-09-03,A\n", filename="export (2).csv")

    assert (first.stage, second.stage) == (Stage.DONE, Stage.REVIEW)
    assert second.difference["kinds"]["attendance"] | {"rows": 3} == {
        **{"rows": 3, "new": 1, "changed": 0, "gone": 0, "unchanged": 2, "bad": 0}
    }
    assert AttendanceRecord.objects.count() == 2


def test_a_file_that_merges_by_itself_waits_when_too_many_are_gone(riverside, northside, at_riverside):
    brought_in(riverside, ROSTER)

    upload = sent(riverside, STUDENTS + "s1,Given,N,9,2025-08-25\n", is_complete=True, auto_confirm=True)

    assert upload.stage == Stage.REVIEW
    assert upload.difference["gone_share"] == 0.9
    assert "90.0%" in upload.summary["waits_because"][0]


def test_a_file_taken_back_may_come_in_again_from_the_same_source(riverside, northside, at_riverside):
    first = brought_in(riverside, WITH_SSN)
    asked(uploads.undo, first)
    assert not Student.objects.exists()

    again = asked(uploads.confirm, asked(uploads.check_again, reloaded(first)), skip_invalid_rows=False)

    assert (again.stage, again.source, again.summary["withheld"]) == (
        Stage.DONE,
        first.source,
        {"students.csv": ["SSN"]},
    )
    assert (Student.objects.count(), Source.objects.count()) == (10, 1)


def test_a_worker_that_dies_after_the_merge_began_has_changed_nothing(
    transactional_db, riverside, northside, monkeypatch
):
    upload = sent(riverside, ROSTER)
    with monkeypatch.context() as broken:
        broken.setattr(import_run.audit_log, "record", lambda **_given: 1 / 0)
        with scope.entered(scope.of_institution(riverside)):
            Upload.objects.filter(pk=upload.pk).update(auto_confirm=True, stage=Stage.CHECKING)
        Job.objects.filter(pk=upload.job_id).update(state="queued", finished_at=None)
        with pytest.raises(ZeroDivisionError):
            worked_on(reloaded(upload))

    with scope.entered(scope.of_institution(riverside)):
        assert (Student.objects.count(), reloaded(upload).stage) == (0, Stage.CHECKING)
