"""Bringing in a file from the page: what is queued, what is refused beside its field, and for whom."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scope
from accounts.models import AuditEntry
from jobs import queue
from jobs.models import State
from students.models import Upload
from tests.people import signed_in
from tests.predictions.pages import text_of
from tests.students import told_uploads
from tests.students.uploading import SCHEMA

CONTENT = b"student_id,held_on,category\nS-1,2026-11-12,absent\n"


@pytest.fixture
def send(ines):
    """Send a file as Ines does."""

    def posted(*, person=ines, file=CONTENT, own=None, **fields):
        fields["file"] = SimpleUploadedFile("autumn.csv", file, "text/csv")
        if own is not None:
            fields["own_schema"] = SimpleUploadedFile("own.yaml", own)
        return signed_in(person).post("/records/", fields)

    return posted


def uploads(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(Upload.objects.select_related("job"))


def beside(page, field):
    """Return what stands around a field."""
    part = page[page.index(f'<label for="id_{field}">') :]
    return text_of(part[: part.index("</div>")])


def test_a_file_is_stored_and_queued_and_its_page_follows_it(send, ines, riverside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waking:
        response = send()

    (upload,) = uploads(riverside)
    assert response["Location"] == f"/records/{upload.public_id}/"
    assert (upload.filename, upload.created_by, upload.job.state) == ("autumn.csv", ines, State.QUEUED)
    assert (upload.stage, upload.format, upload.schema_yaml, upload.is_complete) == ("checking", "", "", None)
    assert [(call.func, call.args[0].pk) for call in waking] == [(queue.wake, upload.job_id)]
    page = signed_in(ines).get(response["Location"]).content.decode()
    assert f'hx-get="/records/{upload.public_id}/" hx-trigger="every 2s"' in page
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="upload", user=ines).count() == 1


@pytest.mark.parametrize(("holds", "is_complete"), [("changes", False), ("everything", True), ("", None)])
def test_what_the_file_holds_and_its_format_may_be_said(send, riverside, holds, is_complete):
    send(holds=holds, format="oneroster")

    (upload,) = uploads(riverside)
    assert (upload.is_complete, upload.format) == (is_complete, "oneroster")


def test_a_schema_makes_the_file_a_flat_cohort(send, riverside):
    send(format="uci_697")

    (upload,) = uploads(riverside)
    assert (upload.format, upload.schema_yaml) == ("cohort", SCHEMA)


def test_the_same_file_twice_is_the_same_upload(send, riverside):
    first, second = send(), send()

    assert first["Location"] == second["Location"]
    assert len(uploads(riverside)) == 1


def test_a_file_whose_check_failed_on_our_side_is_tried_again_when_it_comes_again(send, riverside):
    send()
    (upload,) = uploads(riverside)
    job = told_uploads.job(riverside, "failed", error="The log has the details.")
    with scope.entered(scope.of_institution(riverside)):
        Upload.objects.filter(pk=upload.pk).update(job=job)

    send()

    assert [told.job.state for told in uploads(riverside)] == [State.QUEUED]


def test_a_schema_of_ones_own_is_taken(send, riverside):
    assert send(own=SCHEMA.encode()).status_code == 302
    assert uploads(riverside)[0].schema_yaml == SCHEMA


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (SCHEMA.replace("horizon_days:", "horizon_dayz:").encode(), "horizon_dayz"),
        (b"- just\n- a list\n", "mapping"),
        (b"a: [1", "YAML"),
        (b"\xff\xfe\x00", "utf-8"),
        (b"", "empty"),
        (None, "Choose the schema"),
    ],
    ids=["unknown key", "list", "broken yaml", "bytes", "empty", "none"],
)
def test_a_bad_schema_is_refused_beside_its_field(send, riverside, own, message):
    response = send(format="own", own=own)

    page = response.content.decode()
    assert response.status_code == 422
    assert message.lower() in beside(page, "own_schema").lower()
    assert '<details class="disclosure" open>' in page
    assert uploads(riverside) == []


def test_a_file_too_large_is_refused_beside_its_field(send, riverside, settings):
    settings.UPLOAD_MAX_BYTES = 10

    response = send()

    assert response.status_code == 422
    assert "The file is larger than" in beside(response.content.decode(), "file")
    assert uploads(riverside) == []


def test_a_format_that_is_not_offered_is_refused(send, riverside):
    response = send(format="../training_config")

    assert response.status_code == 422
    assert "Select a valid choice" in beside(response.content.decode(), "format")


def test_no_file_at_all_is_refused(ines):
    response = signed_in(ines).post("/records/", {})

    assert response.status_code == 422
    assert "This field is required." in beside(response.content.decode(), "file")


def test_files_that_wait_for_a_word_stand_first(ines, riverside):
    told_uploads.upload(riverside, "review", filename="waits.csv", n_rows=1000, n_bad_rows=5)
    told_uploads.upload(riverside, "done", filename="newer.csv")

    page = text_of(signed_in(ines).get("/records/").content.decode())

    assert "1 file waits for your word" in page
    assert page.index("waits. csv") < page.index("newer. csv")
    assert "31 new students, 4 gone, 3 moved school; 212 attendance days changed; 5 rows are wrong" in page


@pytest.mark.parametrize("person", ["amara", "sam", "mika"])
def test_other_roles_neither_see_nor_send_files(request, send, riverside, person):
    user = request.getfixturevalue(person)

    assert signed_in(user).get("/records/").status_code == 403
    assert send(person=user).status_code == 403
    assert uploads(riverside) == []


def test_the_files_of_another_institution_are_not_there(send, otto):
    address = send()["Location"]

    browser = signed_in(otto)
    assert browser.get(address).status_code == 404
    assert "autumn" not in browser.get("/records/").content.decode()


def test_three_files_on_the_page_cost_as_many_queries_as_one(ines, riverside):
    browser, asked = signed_in(ines), []
    for n_files in (1, 2):
        for _file in range(n_files):
            told_uploads.upload(riverside, "review", filename="autumn.csv")
        with CaptureQueriesContext(connection) as captured:
            page = browser.get("/records/").content.decode()
        asked.append(len(captured))

    assert page.count("autumn.<wbr>csv") == 3
    assert asked[0] == asked[1]
