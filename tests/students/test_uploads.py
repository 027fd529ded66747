"""A file is kept once under its content, and queued once."""

import hashlib

import pytest
from django.core.files.storage import default_storage

from accounts import scope
from accounts.models import AuditEntry
from jobs.models import Job, State
from students.importing.cohort_schema import SchemaRefused
from students.models import Upload
from students.uploads import uploads
from tests.students.uploading import SCHEMA, send

CONTENT = b"a;b\n1;2\n"


def test_a_file_is_kept_byte_for_byte_with_who_sent_it(riverside, ines):
    upload, is_new = send(riverside, CONTENT, by=ines)

    assert is_new
    assert uploads.stored_path(upload).read_bytes() == CONTENT
    assert upload.content_sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert (upload.created_by, upload.job.created_by, upload.job.task) == (ines, ines, "students.check_upload")


def test_sending_is_on_record(riverside, ines, at_riverside):
    send(riverside, CONTENT, by=ines)

    assert [(entry.action, entry.user) for entry in AuditEntry.objects.all()] == [("upload", ines)]


def test_the_same_file_twice_is_one_upload(riverside, ines, at_riverside):
    first, _is_new = send(riverside, CONTENT, by=ines)
    second, is_new = send(riverside, CONTENT, filename="again.csv")

    assert (second, is_new) == (first, False)
    assert (Upload.objects.count(), Job.objects.count(), AuditEntry.objects.count()) == (1, 1, 1)


def test_the_same_file_read_by_another_schema_is_another_upload(riverside, at_riverside):
    first, _is_new = send(riverside, CONTENT)
    second, is_new = send(riverside, CONTENT, schema=SCHEMA.replace("horizon_days: 1096", "horizon_days: 1097"))

    assert is_new
    assert second.stored_as == first.stored_as
    assert Job.objects.count() == 2


def test_the_same_file_of_two_institutions_is_two_uploads(riverside, elsewhere):
    ours, _is_new = send(riverside, CONTENT)
    theirs, is_new = send(elsewhere, CONTENT)

    assert is_new
    assert ours.stored_as != theirs.stored_as
    with scope.entered(scope.of_institution(elsewhere)):
        assert list(Upload.objects.all()) == [theirs]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("cohort.csv", "cohort.csv"),
        ("../../etc/passwd", "passwd"),
        ("/abs/olute.csv", "olute.csv"),
        (r"C:\Users\ada\list.csv", "list.csv"),
        ("", "file.csv"),
        ("a/", "a"),
        ("x" * 300 + ".csv", "x" * 255),
        ("näme <b>.csv", "näme <b>.csv"),
    ],
)
def test_a_file_name_is_reduced_to_a_name(riverside, sent, kept):
    upload, _is_new = send(riverside, CONTENT, filename=sent)

    assert upload.filename == kept
    assert default_storage.path(upload.stored_as).endswith(f"/uploads/riverside/{upload.content_sha256}")


def test_a_file_beyond_the_limit_is_refused_before_all_of_it_was_read(riverside, settings, at_riverside):
    settings.UPLOAD_MAX_BYTES = 3 * 1024**2
    taken = []

    def ten_megabytes():
        for part in range(10):
            taken.append(part)
            yield b"x" * 1024**2

    with pytest.raises(uploads.TooLarge, match="larger than 3 MB"):
        uploads.receive(
            institution=riverside,
            filename="x",
            chunks=ten_megabytes(),
            options=uploads.UploadOptions(schema_yaml=SCHEMA),
            by=None,
            now=None,
            wakes=False,
        )
    assert len(taken) == 4
    assert not Job.objects.exists()


def test_a_schema_that_is_none_is_refused(riverside, at_riverside):
    with pytest.raises(SchemaRefused):
        send(riverside, CONTENT, schema="name: [")

    assert not Upload.objects.exists()


def test_what_failed_on_our_side_is_queued_once_more_when_the_same_file_comes_again(riverside, at_riverside):
    first, _is_new = send(riverside, CONTENT)
    failed = {"state": State.FAILED, "finished_at": first.created_at, "error": "Ours."}
    Job.objects.filter(pk=first.job_id).update(**failed)
    Upload.objects.filter(pk=first.pk).update(stage=Upload.Stage.REFUSED, errors=[{"sentence": "Old."}], n_errors=1)

    again, is_new = send(riverside, CONTENT)

    kept = Upload.objects.select_related("job").get()
    assert (again, is_new) == (kept, False)
    assert (kept.job.state, kept.job.error, kept.job.attempts) == (State.QUEUED, "", 0)
    assert (kept.stage, kept.errors, kept.n_errors) == (Upload.Stage.CHECKING, [], 0)


def test_what_waits_or_is_done_is_not_queued_once_more_when_the_same_file_comes_again(riverside, at_riverside):
    first, _is_new = send(riverside, CONTENT)
    Job.objects.filter(pk=first.job_id).update(state=State.DONE, finished_at=first.created_at)

    send(riverside, CONTENT)

    assert Job.objects.get().state == State.DONE
