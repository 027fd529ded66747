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
from tests.students.uploading import SCHEMA, cohort_bytes, work_on


@pytest.fixture
def send(ines, tmp_path):
    """Send a file as Ines does."""
    content = cohort_bytes(tmp_path)

    def posted(*, person=ines, file=content, schema="uci_697", own=None):
        fields = {"schema": schema, "file": SimpleUploadedFile("autumn.csv", file, "text/csv")}
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
    assert [(call.func, call.args[0].pk) for call in waking] == [(queue.wake, upload.job_id)]
    page = signed_in(ines).get(response["Location"]).content.decode()
    assert f'hx-get="/records/{upload.public_id}/" hx-trigger="every 2s"' in page
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="upload", user=ines).count() == 1


def test_a_worker_ends_the_polling_and_says_what_came(send, ines, riverside):
    response = send()
    work_on(uploads(riverside)[0])

    partial = signed_in(ines).get(response["Location"], headers={"HX-Request": "true"}).content.decode()

    assert partial.lstrip().startswith('<section id="upload-progress"')
    assert "hx-trigger" not in partial
    assert "40 students" in text_of(partial)
    assert "protected attributes, kept apart from the model" in text_of(partial)


def test_the_faults_of_a_file_stand_on_its_page_line_by_line(send, ines, riverside, tmp_path):
    faulty = cohort_bytes(tmp_path, mistakes=("bad_type", "out_of_range"))
    response = send(file=faulty)
    work_on(uploads(riverside)[0])

    page = text_of(signed_in(ines).get(response["Location"]).content.decode())

    assert "2 things to mend" in page
    assert "Admission grade" in page
    assert "Nothing was saved." in page


def test_the_same_file_twice_is_the_same_upload(send, riverside):
    first, second = send(), send()

    assert first["Location"] == second["Location"]
    assert len(uploads(riverside)) == 1


def test_a_schema_of_ones_own_is_taken(send, riverside):
    assert send(schema="own", own=SCHEMA.encode()).status_code == 302
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
    response = send(schema="own", own=own)

    assert response.status_code == 422
    assert message.lower() in beside(response.content.decode(), "own_schema").lower()
    assert uploads(riverside) == []


def test_a_file_too_large_is_refused_beside_its_field(send, riverside, settings):
    settings.UPLOAD_MAX_BYTES = 1024

    response = send()

    assert response.status_code == 422
    assert "The file is larger than" in beside(response.content.decode(), "file")
    assert uploads(riverside) == []


def test_a_schema_that_is_not_offered_is_refused(send, riverside):
    response = send(schema="../training_config")

    assert response.status_code == 422
    assert "Select a valid choice" in beside(response.content.decode(), "schema")


def test_no_file_at_all_is_refused(ines, riverside):
    response = signed_in(ines).post("/records/", {"schema": "uci_697"})

    assert response.status_code == 422
    assert "This field is required." in beside(response.content.decode(), "file")


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
    assert "autumn.csv" not in browser.get("/records/").content.decode()


def test_three_files_on_the_page_cost_as_many_queries_as_one(send, ines, tmp_path):
    browser, asked = signed_in(ines), []
    for n_files in (1, 3):
        for seed in range(n_files):
            send(file=cohort_bytes(tmp_path, seed=seed + 10))
        with CaptureQueriesContext(connection) as captured:
            page = browser.get("/records/").content.decode()
        asked.append(len(captured))

    assert page.count("autumn.<wbr>csv") == 3
    assert asked[0] == asked[1]
