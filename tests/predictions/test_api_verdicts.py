"""What staff say of flags can be read by other systems, the newest first, and what they pass on is told with it."""

import datetime as dt
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import verdicts
from predictions.models import CurrentRisk, Verdict
from students.models import DataCase
from tests.people import signed_in
from tests.predictions.pages import names
from tests.predictions.test_api_bodies import sound

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def reader(client_of, riverside):
    return client_of(riverside, scopes=("read_verdicts", "write_verdicts"))


@pytest.fixture
def listed(riverside, northside):
    """The first students of Northside's list, by rank."""
    with scope.entered(scope.of_institution(riverside)):
        rows = CurrentRisk.objects.filter(school=northside, rank__gt=0).order_by("rank")
        return [row.student for row in rows.select_related("student__institution")[:8]]


def say(institution, student, kind, by, at=NOON, **given):
    with scope.entered(scope.of_institution(institution)):
        return verdicts.give(student=student, kind=kind, by=by, now=at, request_key=uuid.uuid4(), **given)


@pytest.fixture
def seven(riverside, listed, amara):
    """Seven verdicts, the last three at one moment."""
    moments = [NOON + dt.timedelta(minutes=min(n, 4)) for n in range(7)]
    return [say(riverside, student, "known", amara, at=at) for student, at in zip(listed[:7], moments, strict=True)]


def pages_of(reader, path):
    while path:
        answer = reader.get(path)
        assert answer.status_code == 200, answer.content
        yield answer.json()["verdicts"]
        path = answer.json()["next"]


def test_a_verdict_is_told_with_its_list_and_who_gave_it(reader, riverside, listed, amara):
    say(riverside, listed[0], "not_now", amara, reason="Exams", until_on=dt.date(2026, 11, 9))

    (told,) = reader.get("/api/verdicts").json()["verdicts"]

    with scope.entered(scope.of_institution(riverside)):
        run = CurrentRisk.objects.select_related("run").get(student=listed[0]).run
    assert told == {
        "student": str(listed[0].public_id),
        "kind": "not_now",
        "until_on": "2026-11-09",
        "reason": "Exams",
        "at": "2026-11-02T12:00:00+00:00",
        "by": "Amara",
        "run": str(run.public_id),
        "as_of": "2026-03-20",
        "decided_by": "model",
        "model_version": "model 1",
    }


def test_where_the_rule_made_the_list_no_version_is_named(client_of, lakeside):
    reader = client_of(lakeside, scopes=("read_verdicts", "write_verdicts"))
    with scope.entered(scope.of_institution(lakeside)):
        student = CurrentRisk.objects.select_related("student").filter(rank__gt=0)[0].student

    told = reader.post("/api/verdicts", {"student": str(student.public_id), "kind": "agree"}).json()

    assert (told["decided_by"], told["model_version"]) == ("rule", None)


def test_what_a_system_passes_on_leaves_the_list_and_names_the_system(reader, riverside, listed, amara):
    before = signed_in(amara).get("/students/").content.decode()

    response = reader.post("/api/verdicts", {"student": str(listed[0].public_id), "kind": "known", "reason": " Met "})

    assert (response.status_code, response.json()["by"], response.json()["reason"]) == (201, "Gradebook", "Met")
    assert reader.get("/api/verdicts").json()["verdicts"] == [response.json()]
    assert listed[0].name in names(before)
    assert listed[0].name not in names(signed_in(amara).get("/students/").content.decode())


def test_a_wrong_fact_passed_on_is_a_task_for_who_keeps_the_data(reader, riverside, listed, ines):
    body = {"student": str(listed[0].public_id), "kind": "wrong_fact", "reason": "She was ill"}

    statuses = [reader.post("/api/verdicts", body).status_code for _ in range(2)]

    with scope.entered(scope.of_institution(riverside)):
        (case,) = DataCase.objects.all()
        assert Verdict.objects.get().data_case == case
    assert statuses == [201, 200]
    assert (case.what, case.opened_by, case.api_client) == ("She was ill", None, reader.client)
    assert "She was ill" in signed_in(ines).get("/records/cases/").content.decode()


def test_what_a_system_passed_on_staff_can_take_back_and_the_other_way_round(reader, riverside, listed, amara):
    who = str(listed[0].public_id)
    reader.post("/api/verdicts", {"student": who, "kind": "known"})
    say(riverside, listed[0], "taken_back", amara, at=timezone.now())
    say(riverside, listed[0], "known", amara, at=timezone.now())

    assert reader.post("/api/verdicts", {"student": who, "kind": "taken_back"}).status_code == 201

    told = reader.get("/api/verdicts").json()["verdicts"]
    assert [(each["kind"], each["by"]) for each in told] == [
        *(("taken_back", "Gradebook"), ("known", "Amara")),
        *(("taken_back", "Amara"), ("known", "Gradebook")),
    ]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8, 200])
def test_page_by_page_each_is_told_once_the_newest_first(reader, seven, limit):
    pages = list(pages_of(reader, f"/api/verdicts?limit={limit}"))

    told = [each["student"] for page in pages for each in page]
    assert told == [str(verdict.student.public_id) for verdict in reversed(seven)]
    assert {len(page) for page in pages[:-1]} <= {limit}
    assert len(pages) == -(-7 // limit)


def test_what_is_said_while_one_reads_on_moves_nothing(reader, riverside, seven, listed, amara):
    first = reader.get("/api/verdicts?limit=3").json()
    say(riverside, listed[7], "agree", amara, at=NOON + dt.timedelta(hours=1))

    rest = [each["student"] for page in pages_of(reader, first["next"]) for each in page]

    told = [each["student"] for each in first["verdicts"]] + rest
    assert told == [str(verdict.student.public_id) for verdict in reversed(seven)]


def test_since_a_moment_and_of_one_student(reader, seven):
    def told(query):
        return [each["student"] for page in pages_of(reader, f"/api/verdicts?limit=2&{query}") for each in page]

    who = [str(verdict.student.public_id) for verdict in reversed(seven)]
    assert told("since=2026-11-02T12:03:00Z") == who[:4]
    assert told("since=2026-11-02T07:03:00-05:00") == who[:4]
    assert told("since=2026-11-02T12:04:00.000001Z") == []
    assert told(f"student={who[5]}") == [who[5]]
    assert told(f"student={who[5]}&since=2026-11-02T12:03:00Z") == []
    assert told("since=0001-01-01T00:00:00%2B14:00") == who


@pytest.mark.parametrize(
    ("query", "field"),
    [
        *((f"limit={limit}", "limit") for limit in ("0", "201", "-1", "many", "1.5", "", "٣", "9" * 5000)),
        *((f"since={moment}", "since") for moment in ("", "yesterday", "2026-11-02", "2026-11-02T12:00:00", "%00")),
        *((f"student={who}", "student") for who in ("", "S1", "%00")),
        *((f"cursor={place}", "cursor") for place in ("", "x", "WzFd:1:1", "%00")),
        ("sinc=2026-11-02T12:00:00Z", "sinc"),
    ],
)
def test_what_cannot_be_asked_is_said_by_name(reader, query, field):
    told = sound(reader.get(f"/api/verdicts?{query}"), 400)

    assert [fault["field"] for fault in told["errors"]] == [field]


def test_who_may_read_may_not_write_and_the_other_way_round(client_of, riverside, listed):
    body = {"student": str(listed[0].public_id), "kind": "known"}

    for scopes, statuses in ((["read_verdicts"], (200, 403)), (["write_verdicts"], (403, 201)), ([], (403, 403))):
        asking = client_of(riverside, scopes=scopes)
        assert (asking.get("/api/verdicts").status_code, asking.post("/api/verdicts", body).status_code) == statuses


def test_nothing_is_told_of_another_institution(client_of, lakeside, seven):
    stranger = client_of(lakeside, scopes=["read_verdicts"])
    who = [str(seven[0].student.public_id), str(uuid.uuid4())]

    answers = [stranger.get(f"/api/verdicts?student={each}") for each in who]

    assert stranger.get("/api/verdicts").json() == {"verdicts": [], "next": None}
    assert {answer.status_code for answer in answers} == {404}
    assert answers[0].content == answers[1].content


def test_the_look_is_on_record_with_those_it_showed(reader, riverside, seven):
    answer = reader.get("/api/verdicts?limit=3")

    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="api_verdicts")
    assert [str(subject) for subject in entry.subject_ids] == [each["student"] for each in answer.json()["verdicts"]]
    assert (entry.api_client, entry.purpose, entry.remote_address) == (reader.client, "Plan tutoring", "127.0.0.1")
    assert answer["Cache-Control"] == "no-store"


def test_many_are_told_with_as_many_queries_as_one(reader, riverside, seven, listed):
    reader.post("/api/verdicts", {"student": str(listed[7].public_id), "kind": "known"})
    asked = []

    for limit in (1, 200):
        with CaptureQueriesContext(connection) as captured:
            reader.get(f"/api/verdicts?limit={limit}")
        asked.append([query["sql"] for query in captured])

    assert len(asked[0]) == len(asked[1])
    assert not any("OFFSET" in sql or "booster_text" in sql or "packed_reasons" in sql for sql in asked[1])
