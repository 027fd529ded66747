"""POST /api/uploads: another system sends a file; it is kept once, never held in memory, and only its own are seen."""

import hashlib
import io
import uuid

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile
from django.test import RequestFactory
from rest_framework.request import Request

from accounts import scope
from accounts.models import AuditEntry
from jobs.models import Job, State
from predictions.api import upload_form
from students.models import Upload
from tests.people import elsewhere, northside, riverside

__all__ = ["elsewhere", "northside", "riverside"]

CONTENT = b"student_id,held_on,category\nS1,2026-03-02,absent\n"
BOUNDARY = "multipart/form-data; boundary=line"


def csv(content=CONTENT, name="attendance.csv"):
    return SimpleUploadedFile(name, content)


def problem(response, status):
    told = response.json()
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json"), told
    return told


def fields_at_fault(response):
    return {fault["field"] for fault in problem(response, 400)["errors"]}


@pytest.fixture
def sis(client_of, riverside):
    """The school's own information system."""
    return client_of(riverside, scopes=("upload",))


@pytest.fixture
def stored(riverside):
    def newest():
        with scope.entered(scope.of_institution(riverside)):
            return Upload.objects.select_related("job").latest("pk")

    return newest


def test_a_file_is_kept_under_its_hash_and_its_check_is_queued(sis, stored):
    response = sis.send(csv())

    told, upload = response.json(), stored()
    assert (response.status_code, told["is_new"], told["stage"]) == (202, True, "checking")
    assert told["content_sha256"] == hashlib.sha256(CONTENT).hexdigest()
    assert (told["id"], told["filename"], told["size_bytes"]) == (
        str(upload.public_id),
        "attendance.csv",
        len(CONTENT),
    )
    with default_storage.open(upload.stored_as) as kept:
        assert kept.read() == CONTENT
    assert (upload.job.state, upload.job.task) == (State.QUEUED, "students.check_upload")
    assert told["links"] == {
        "self": f"/api/uploads/{told['id']}",
        "confirm": None,
        "answers": None,
        "discard": None,
        "undo": None,
        "quarantine": None,
    }


def test_the_key_is_on_record_as_the_sender(sis, riverside, stored):
    sis.send(csv())

    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="upload")
    assert (entry.api_client, entry.user, stored().created_by) == (sis.client, None, None)


def test_the_same_file_twice_is_the_same_upload(sis):
    first, second = sis.send(csv()), sis.send(csv(name="again.csv"))

    assert (first.status_code, second.status_code, second.json()["is_new"]) == (202, 200, False)
    assert first.json()["id"] == second.json()["id"]
    assert Job.objects.count() == 1


def test_how_the_file_shall_be_read_is_kept(sis, stored):
    sis.send(csv(), complete="true", auto_confirm="true", leave_out_bad_rows="true", format="portal")

    upload = stored()
    assert (upload.format, upload.is_complete) == ("portal", True)
    assert (upload.auto_confirm, upload.skip_invalid_rows) == (True, True)


@pytest.mark.parametrize("as_file", [False, True])
def test_a_schema_may_be_a_name_or_a_text_or_a_file(sis, stored, settings, as_file):
    text = (settings.COHORT_SCHEMAS_DIR / "uci_697.yaml").read_text(encoding="utf-8")
    schema = SimpleUploadedFile("schema.yaml", text.encode()) if as_file else text

    by_text = sis.send(csv(b"a,b\n1,2\n"), schema=schema)
    by_name = sis.send(csv(b"a,b\n1,2\n"), schema="uci_697", format="cohort")

    assert (by_text.status_code, by_name.status_code) == (202, 200)
    assert (stored().schema_yaml.splitlines(), stored().format) == (text.splitlines(), "cohort")


@pytest.mark.parametrize(
    ("file", "fields", "at_fault"),
    [
        (None, {}, {"file"}),
        ("words", {}, {"file"}),
        (CONTENT, {"colour": "red", "size": "9"}, {"colour", "size"}),
        (CONTENT, {"format": "xml"}, {"format"}),
        (CONTENT, {"format": "mapped"}, {"format"}),
        (CONTENT, {"format": ["portal", "edfi"]}, {"format"}),
        (CONTENT, {"complete": "yes", "auto_confirm": "1"}, {"complete", "auto_confirm"}),
        (CONTENT, {"again": ""}, {"again"}),
        (CONTENT, {"format": "portal", "schema": "uci_697"}, {"schema"}),
        (CONTENT, {"schema": "../uci_697"}, {"schema"}),
        (CONTENT, {"schema": "name: mine\ncolour: red\n"}, {"schema"}),
        (CONTENT, {"schema": SimpleUploadedFile("s.yaml", "name: é".encode("latin-1"))}, {"schema"}),
        (CONTENT, {"format": SimpleUploadedFile("f", b"portal")}, {"format"}),
    ],
)
def test_each_field_at_fault_is_named_and_nothing_is_kept(sis, file, fields, at_fault):
    sent = csv(file) if isinstance(file, bytes) else file

    response = sis.send(sent, **fields) if sent else sis._browser({}).post("/api/uploads", fields)

    assert fields_at_fault(response) == at_fault
    assert not Job.objects.exists()


def test_a_file_that_is_sent_twice_in_one_form_is_refused(sis):
    assert fields_at_fault(sis.send([csv(), csv()])) == {"file"}


@pytest.mark.parametrize(
    ("body", "kind"),
    [(b"{}", "application/json"), (b"file=x", "application/x-www-form-urlencoded"), (CONTENT, "text/csv")],
)
def test_only_a_form_with_files_is_read(sis, body, kind):
    response = sis._browser({}).generic("POST", "/api/uploads", body, content_type=kind)

    problem(response, 415)


@pytest.mark.parametrize("body", [b"", b"no line here", b"--line\r\nContent-Disposition: form-data; name=file\r\n\r\n"])
def test_a_broken_form_is_the_senders_fault(sis, body):
    response = sis._browser({}).generic("POST", "/api/uploads", body, content_type=BOUNDARY)

    problem(response, 400)


class Unread(io.BytesIO):
    """A body that nobody may read."""

    def read(self, *_):
        raise AssertionError("The body was read.")

    readline = readlines = __iter__ = read


def test_a_file_announced_as_too_large_is_refused_unread(sis, settings):
    length = str(settings.UPLOAD_MAX_BYTES + upload_form.FIELDS_BYTES + 1)
    unread = {"wsgi.input": Unread(), "CONTENT_LENGTH": length, "CONTENT_TYPE": BOUNDARY}

    response = sis._browser({}).generic("POST", "/api/uploads", b"", **unread)

    assert "Split it, or raise the limit" in problem(response, 413)["detail"]


def test_a_file_that_turns_out_too_large_leaves_nothing(sis, settings, riverside):
    settings.UPLOAD_MAX_BYTES = len(CONTENT) - 1

    problem(sis.send(csv()), 413)

    assert not Job.objects.exists()
    folder = default_storage.path(f"uploads/{riverside.slug}")
    assert not [name for name in default_storage.listdir(folder)[1] if name.startswith(".arriving")]


def test_fields_that_are_too_large_are_refused(sis):
    problem(sis.send(csv(), schema="name: x\n" * 500_000), 413)


def parsed(body):
    request = RequestFactory().generic("POST", "/api/uploads", body, content_type=BOUNDARY)
    drf = Request(request, parsers=[upload_form.UploadParser()])
    return drf.data


def test_even_a_small_file_goes_to_the_disk_and_not_into_memory():
    head = b'--line\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'

    file, _options = upload_form.read_upload(parsed(head + CONTENT + b"\r\n--line--\r\n"))

    assert isinstance(file, TemporaryUploadedFile)
    with file:
        assert b"".join(file.chunks()) == CONTENT


def test_a_file_of_another_institution_is_answered_like_none(sis, client_of, elsewhere):
    told = sis.send(csv()).json()
    stranger = client_of(elsewhere, scopes=("upload",))

    answers = []
    for public_id in (told["id"], uuid.uuid4()):
        path = f"/api/uploads/{public_id}"
        answers += [stranger.get(path), stranger.get(f"{path}/quarantine")]
        answers += [stranger.post(f"{path}/{deed}", {}) for deed in ("confirm", "discard", "undo")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert stranger.get("/api/uploads").json() == {"uploads": []}


def test_the_same_bytes_at_another_institution_are_another_upload(sis, client_of, elsewhere):
    here = sis.send(csv())
    there = client_of(elsewhere, scopes=("upload",)).send(csv())

    assert (here.status_code, there.status_code) == (202, 202)
    assert here.json()["id"] != there.json()["id"]


@pytest.mark.parametrize("path", ["", "/{id}", "/{id}/quarantine"])
def test_a_key_that_was_made_for_something_else_sees_no_file(client_of, riverside, sis, path):
    asking = client_of(riverside, scopes=("predict", "read_risk"))
    public_id = sis.send(csv()).json()["id"]

    problem(asking.get("/api/uploads" + path.format(id=public_id)), 403)
    problem(asking.send(csv()), 403)
    problem(asking.post(f"/api/uploads/{public_id}/undo", {}), 403)


def test_files_are_listed_newest_first_and_by_stage(sis, riverside):
    for number in range(3):
        sis.send(csv(CONTENT + b"\n" * number, name=f"{number}.csv"))
    with scope.entered(scope.of_institution(riverside)):
        Upload.objects.filter(filename="1.csv").update(stage="review")

    every, waiting = sis.get("/api/uploads").json(), sis.get("/api/uploads?stage=review").json()

    assert [upload["filename"] for upload in every["uploads"]] == ["2.csv", "1.csv", "0.csv"]
    assert [upload["filename"] for upload in waiting["uploads"]] == ["1.csv"]
    assert waiting["uploads"][0]["links"]["confirm"].endswith("/confirm")
    assert fields_at_fault(sis.get("/api/uploads?stage=lost")) == {"stage"}


@pytest.mark.parametrize("deed", ["confirm", "discard", "undo"])
def test_what_is_not_possible_at_this_stage_is_a_conflict(sis, deed):
    public_id = sis.send(csv()).json()["id"]

    told = problem(sis.post(f"/api/uploads/{public_id}/{deed}", {}), 409)

    assert told["detail"]
    assert "uploads" not in told


@pytest.mark.parametrize(
    ("body", "field"), [({"rows": 1}, "rows"), ({"leave_out_bad_rows": "yes"}, "leave_out_bad_rows"), ([], "body")]
)
def test_the_word_for_a_file_is_read_strictly(sis, body, field):
    public_id = sis.send(csv()).json()["id"]

    assert fields_at_fault(sis.post(f"/api/uploads/{public_id}/confirm", body)) == {field}


def test_what_failed_on_our_side_is_tried_again_when_the_file_comes_again(sis, stored, riverside):
    sis.send(csv())
    job = stored().job
    Job.objects.filter(pk=job.pk).update(state=State.FAILED, finished_at=job.created_at, error="Ours.")
    with scope.entered(scope.of_institution(riverside)):
        Upload.objects.update(stage=Upload.Stage.REFUSED)
    assert sis.get(f"/api/uploads/{stored().public_id}").json()["refused_because"] == "Ours."

    told = sis.send(csv())

    assert (told.status_code, told.json()["stage"], stored().job.state) == (200, "checking", State.QUEUED)


def test_the_domain_knows_no_upload_that_was_refused_at_the_door(sis, riverside):
    assert sis.send(csv(), colour="red").status_code == 400

    with scope.entered(scope.of_institution(riverside)):
        assert not Upload.objects.exists()
