"""A file sent by API from its check to its undoing: what is told on the way, what waits, what is refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from accounts import scope
from accounts.models import AuditEntry
from jobs import claims
from students.changes import undo
from students.models import AttendanceRecord, ImportSettings, Student, Upload
from students.uploads import import_run
from tests.people import northside, riverside

__all__ = ["northside", "riverside"]

N = 200
WORK = {
    "students.check_upload": import_run.check_upload,
    "students.merge_upload": import_run.merge_upload,
    "students.undo_upload": undo.undo_upload,
}
ROSTER = "student_id,given_name,family_name,school_id,grade_level,entered_on\n" + "".join(
    f"S{number},Given{number},Family{number},N,9,2025-08-25\n" for number in range(N)
)
HEADER = "student_id,held_on,category\n"
ABSENCES = HEADER + "".join(f"S{number},2026-03-02,absent\n" for number in range(N))
BAD = "S1,2026-02-30,absent\nS2,2026-13-03,absent\n"


@pytest.fixture
def sis(client_of, riverside, northside):
    """The school's own information system, with its students brought in."""
    client = client_of(riverside, scopes=("upload",))
    worked_on(client, sent(client, ROSTER, name="students.csv", auto_confirm="true"))
    return client


def sent(client, content, *, name="attendance.csv", **fields):
    """Send a file and return its path."""
    response = client.send(SimpleUploadedFile(name, content.encode()), **fields)
    assert response.status_code == 202, response.content
    return response.json()["links"]["self"]


def worked_on(client, path):
    """Do the work an upload waits for, as a worker does, and return what is told then."""
    with scope.entered(scope.of_institution(client.client.institution)):
        job = Upload.objects.get(public_id=path.rpartition("/")[2]).current_job
    claims.run_job(job_id=job.pk, work=WORK[job.task])
    return client.get(path).json()


def checked(client, content, **fields):
    """Send a file, have it checked, and return its path and what is told then."""
    path = sent(client, content, **fields)
    return path, worked_on(client, path)


def stored(institution, model=AttendanceRecord):
    with scope.entered(scope.of_institution(institution)):
        return model.objects.count()


def test_a_file_goes_in_and_out_again(sis, riverside):
    path, told = checked(sis, ABSENCES)
    assert (told["stage"], told["n_rows"], told["n_bad_rows"], told["format"]) == ("review", N, 0, "portal")
    assert told["difference"]["kinds"]["attendance"]["new"] == N
    assert stored(riverside) == 0

    confirmed = sis.post(told["links"]["confirm"], b"")
    assert (confirmed.status_code, confirmed.json()["stage"]) == (202, "merging")
    done = worked_on(sis, path)
    assert (done["stage"], done["counts"]["attendance"], done["progress"]["share"]) == ("done", N, 1.0)
    assert stored(riverside) == N

    undone = sis.post(done["links"]["undo"], b"")
    assert (undone.status_code, undone.json()["stage"]) == (202, "undoing")
    assert worked_on(sis, path)["stage"] == "undone"
    assert stored(riverside) == 0


def test_every_deed_is_on_record_with_the_key(sis, riverside):
    path, told = checked(sis, ABSENCES)
    sis.post(told["links"]["confirm"], b"")
    worked_on(sis, path)
    sis.post(f"{path}/undo", b"")

    with scope.entered(scope.of_institution(riverside)):
        by_key = set(AuditEntry.objects.filter(api_client=sis.client).values_list("action", flat=True))
    assert by_key >= {"upload", "confirm_upload", "undo_upload", "api_upload"}


def test_bad_rows_stop_a_file_until_they_may_be_left_out(sis, riverside):
    path, told = checked(sis, ABSENCES + BAD)
    assert (told["stage"], told["n_bad_rows"], told["n_errors"]) == ("review", 2, 2)
    assert [fault["line"] for fault in told["errors"]] == [N + 2, N + 3]

    refused = sis.post(f"{path}/confirm", {})
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert sis.post(f"{path}/confirm", {"leave_out_bad_rows": True}).status_code == 202

    assert worked_on(sis, path)["stage"] == "done"
    assert stored(riverside) == N


def test_the_bad_rows_come_back_with_why_whatever_the_client_accepts(sis, riverside):
    path, told = checked(sis, ABSENCES + BAD)

    response = sis.get(told["links"]["quarantine"], Accept="text/csv")

    lines = b"".join(response.streaming_content).decode("utf-8-sig").splitlines()
    assert (response.status_code, response["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "attendance-bad-rows.csv" in response["Content-Disposition"]
    assert len(lines) == 3
    assert "2026-02-30" in lines[1]
    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="api_quarantine")
    assert (entry.api_client, entry.purpose) == (sis.client, sis.client.purpose)
    assert path


def test_a_file_without_bad_rows_has_nothing_to_give_back(sis):
    path, told = checked(sis, ABSENCES)

    assert told["links"]["quarantine"] is None
    assert sis.get(f"{path}/quarantine").status_code == 404


def test_auto_confirm_goes_ahead_below_the_thresholds(sis, riverside):
    _path, told = checked(sis, ABSENCES, auto_confirm="true")

    assert (told["stage"], told["waits_because"]) == ("done", [])
    assert stored(riverside) == N


@pytest.mark.parametrize(
    ("most_bad_share", "leave_out", "stage"),
    [(0.001, "true", "review"), (0.5, "true", "done"), (0.5, "false", "review")],
)
def test_auto_confirm_waits_above_the_share_of_bad_rows(sis, riverside, most_bad_share, leave_out, stage):
    with scope.entered(scope.of_institution(riverside)):
        ImportSettings.objects.create(institution=riverside, most_bad_share=most_bad_share)

    _path, told = checked(sis, ABSENCES + BAD, auto_confirm="true", leave_out_bad_rows=leave_out)

    assert told["stage"] == stage
    assert bool(told["waits_because"]) == (stage == "review")


def test_auto_confirm_waits_where_many_would_be_gone(sis, riverside):
    half = "".join(ROSTER.splitlines(keepends=True)[: N // 2])
    _path, told = checked(sis, half, name="students.csv", auto_confirm="true", complete="true")

    assert told["stage"] == "review"
    assert told["waits_because"]
    assert told["difference"]["gone_share"] > 0.4
    assert stored(riverside, Student) == N


def test_a_file_that_was_put_aside_is_a_new_upload_when_it_comes_again(sis):
    path, told = checked(sis, ABSENCES)

    discarded = sis.post(told["links"]["discard"], b"")
    again = sis.send(SimpleUploadedFile("attendance.csv", ABSENCES.encode()))

    assert (discarded.status_code, discarded.json()["stage"]) == (200, "discarded")
    assert (again.status_code, again.json()["is_new"]) == (202, True)
    assert again.json()["links"]["self"] != path


def test_again_looks_once_more_at_a_file_that_was_brought_in(sis):
    checked(sis, ABSENCES, auto_confirm="true")
    file = SimpleUploadedFile("attendance.csv", ABSENCES.encode())

    same, fresh = sis.send(file), sis.send(SimpleUploadedFile("a.csv", ABSENCES.encode()), again="true")

    assert (same.status_code, fresh.status_code) == (200, 202)
    told = worked_on(sis, fresh.json()["links"]["self"])
    assert told["difference"]["kinds"]["attendance"]["unchanged"] == N


def test_a_file_that_later_files_touched_is_not_taken_back_and_they_are_named(sis):
    first, _told = checked(
        sis, "student_id,held_on,category,excused\nS1,2026-03-02,absent,false\n", auto_confirm="true"
    )
    later = "student_id,held_on,category,excused\nS1,2026-03-02,absent,true\n"
    second, told = checked(sis, later, name="corrected.csv", auto_confirm="true")
    assert told["difference"]["kinds"]["attendance"]["changed"] == 1

    refused = sis.post(f"{first}/undo", b"")

    problem = refused.json()
    assert (refused.status_code, refused["Content-Type"]) == (409, "application/problem+json")
    assert problem["uploads"] == [{"id": second.rpartition("/")[2], "filename": "corrected.csv"}]
    assert "corrected.csv" in problem["detail"]


def test_a_file_nobody_can_read_is_refused_with_a_sentence(sis):
    _path, told = checked(sis, "\0\0\0\1binary", name="photo.csv")

    assert told["stage"] == "refused"
    assert told["refused_because"]
    assert told["errors"][0]["sentence"]
    assert told["links"]["confirm"] is None


def test_only_a_look_at_values_of_students_leaves_an_entry(sis, riverside):
    def looks():
        with scope.entered(scope.of_institution(riverside)):
            return AuditEntry.objects.filter(action="api_upload").count()

    path, before = sent(sis, ABSENCES), looks()

    sis.get(path)
    assert looks() == before

    worked_on(sis, path)
    assert looks() == before + 1
