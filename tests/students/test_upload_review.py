"""What a person says about a file: each word once, by whoever may, and never past what others said first."""

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts import scope
from accounts.models import AuditEntry
from students.changes import undo
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import told_uploads
from tests.students.told_uploads import again, job, path

DEEDS = ("confirm", "discard", "retry", "again", "undo/")


@pytest.fixture
def say(ines):
    """Press a button on a file's page and return the words of the page it leads to."""

    def pressed(told, deed, **fields):
        response = signed_in(ines).post(path(told, deed), fields, follow=True)
        assert response.status_code == 200
        return text_of(response.content.decode())

    return pressed


@pytest.fixture
def left_out(riverside):
    """A file of which rows were left out."""
    name = default_storage.save("quarantine/left_out.csv", ContentFile(b"student_id,why\nS-1,no day\n"))
    yield told_uploads.upload(riverside, "review", filename="autumn.export.csv", quarantine_as=name)
    default_storage.delete(name)


def audited(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(AuditEntry.objects.values_list("action", flat=True))


def test_a_word_brings_the_file_in(say, ines, riverside):
    told = told_uploads.upload(riverside, "review", n_rows=10)

    page = say(told, "confirm")

    told = again(told)
    assert (told.stage, told.confirmed_by, told.merge_job.task) == ("merging", ines, "students.merge_upload")
    assert "Being brought in" in page


def test_wrong_rows_are_left_out_only_when_that_was_said(say, riverside):
    told = told_uploads.upload(riverside, "review", n_rows=10, n_bad_rows=2)

    assert "2 rows are wrong. Leave them out, or mend the file." in say(told, "confirm")
    assert again(told).stage == "review"
    say(told, "confirm", skip_invalid_rows="yes")
    assert (again(told).stage, again(told).skip_invalid_rows) == ("merging", True)


def test_a_file_is_put_aside(say, riverside):
    told = told_uploads.upload(riverside, "review")

    assert "Put aside. Nothing was saved." in say(told, "discard")
    assert again(told).stage == "discarded"


@pytest.mark.parametrize(("stage", "deed"), [("merging", "confirm"), ("done", "discard"), ("checking", "again")])
def test_whoever_comes_too_late_is_told_so(say, riverside, stage, deed):
    told = told_uploads.upload(riverside, stage, merge_job=job(riverside))

    page = say(told, deed)

    assert "moved on since the page was shown" in page or "still on its way" in page
    assert again(told).stage == stage


def test_what_failed_on_our_side_is_tried_again(say, riverside):
    told = told_uploads.upload(riverside, "checking", job=job(riverside, "failed", error="lost"))

    say(told, "retry")

    assert again(told).job.state == "queued"


@pytest.mark.parametrize("stage", ["refused", "discarded", "undone"])
def test_a_file_that_is_over_can_be_checked_again_as_a_new_upload(ines, riverside, stage):
    name = default_storage.save("uploads/riverside/again.csv", ContentFile(b"a,b\n1,2\n"))
    told = told_uploads.upload(riverside, stage, stored_as=name)

    response = signed_in(ines).post(path(told, "again"))

    default_storage.delete(name)
    assert response["Location"] != path(told)
    assert "Being checked" in text_of(signed_in(ines).get(response["Location"]).content.decode())
    assert again(told).stage == stage


def test_taking_back_first_says_what_would_happen(ines, riverside):
    told = told_uploads.upload(riverside, "done")

    page = text_of(signed_in(ines).get(path(told, "undo/")).content.decode())

    assert "Take this file back?" in page
    assert "The 31 records it brought go." in page
    assert "The 212 records it changed are as before." in page
    assert "The 4 records it ended come back." in page
    assert again(told).stage == "done"


def test_a_file_is_taken_back_when_that_was_said(say, ines, riverside):
    told = told_uploads.upload(riverside, "done")

    page = say(told, "undo/")

    told = again(told)
    assert (told.stage, told.undone_by, told.undo_job.task) == ("undoing", ines, "students.undo_upload")
    assert "Being taken back" in page


@pytest.mark.parametrize(("method", "status"), [("get", 200), ("post", 422)])
def test_later_files_that_stand_in_the_way_are_named(ines, riverside, monkeypatch, method, status):
    told = told_uploads.upload(riverside, "done")
    later = told_uploads.upload(riverside, "done", filename="later.csv")

    def stand_in_the_way(_upload):
        raise undo.TouchedSince([later])

    monkeypatch.setattr(undo, "check_undo", stand_in_the_way)

    response = getattr(signed_in(ines), method)(path(told, "undo/"))

    page = response.content.decode()
    assert response.status_code == status
    assert "This file cannot be taken back yet." in text_of(page)
    assert f'href="{path(later)}"' in page
    assert again(told).stage == "done"


def test_what_was_not_brought_in_cannot_be_taken_back(ines, riverside):
    told = told_uploads.upload(riverside, "review")

    assert signed_in(ines).get(path(told, "undo/"))["Location"] == path(told)


def test_the_rows_left_out_come_back_as_a_file_and_that_is_on_record(ines, riverside, left_out):
    response = signed_in(ines).get(path(left_out, "quarantine"))

    assert b"".join(response.streaming_content) == b"student_id,why\nS-1,no day\n"
    assert response["Content-Disposition"] == 'attachment; filename="autumn.export rows to mend.csv"'
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert audited(riverside) == ["download_quarantine"]


def test_without_rows_left_out_there_is_nothing_to_download(ines, riverside):
    told = told_uploads.upload(riverside, "review")

    assert signed_in(ines).get(path(told, "quarantine")).status_code == 404
    assert audited(riverside) == []


@pytest.mark.parametrize("deed", DEEDS)
def test_nobody_without_the_role_or_from_elsewhere_says_anything(amara, otto, riverside, deed):
    told = told_uploads.upload(riverside, "review")

    assert signed_in(amara).post(path(told, deed)).status_code == 403
    assert signed_in(otto).post(path(told, deed)).status_code == 404
    assert again(told).stage == "review"


def test_rows_left_out_stay_within_the_institution(otto, amara, left_out):
    assert signed_in(otto).get(path(left_out, "quarantine")).status_code == 404
    assert signed_in(amara).get(path(left_out, "quarantine")).status_code == 403


@pytest.mark.parametrize("deed", ["confirm", "discard", "retry", "again"])
def test_looking_at_the_address_of_a_deed_does_nothing(ines, riverside, deed):
    told = told_uploads.upload(riverside, "review")

    assert signed_in(ines).get(path(told, deed)).status_code == 405
