"""What staff write reaches the records through the API too: as on the pages, by a client, once."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions.models import CurrentRisk, IdempotentAnswer, Verdict
from students.models import HelpPlan, Intervention, Outcome
from students.outcomes import exit_code_map
from students.people import student_merges
from tests import rows
from tests.predictions.test_api_bodies import NOT_JSON, sound

SCOPES = ("write_outcomes", "write_interventions", "write_verdicts", "read_verdicts")
PATHS = ("/api/outcomes", "/api/interventions", "/api/verdicts")
KEY = "Idempotency-Key"


@pytest.fixture
def sis(client_of, riverside):
    """A system that may write whatever staff write."""
    return client_of(riverside, scopes=SCOPES)


@pytest.fixture
def first(riverside, northside):
    """The first of Northside's list."""
    with scope.entered(scope.of_institution(riverside)):
        return CurrentRisk.objects.filter(school=northside, rank__gt=0).order_by("rank").first().student


@pytest.fixture
def bodies(first, riverside):
    """A sound body for each path, of one student."""
    today, who = riverside.day_of(timezone.now()).isoformat(), str(first.public_id)
    return {
        "/api/outcomes": {"student": who, "exit_code": "Dropout", "happened_on": today, "evidence": "A letter"},
        "/api/interventions": {"student": who, "kind": "mentor", "started_on": today, "goal": "Come on Mondays"},
        "/api/verdicts": {"student": who, "kind": "known", "reason": "We met on Monday"},
    }


def kept(institution, *models):
    with scope.entered(scope.of_institution(institution)):
        return [list(model.objects.order_by("pk")) for model in models]


def count(institution):
    written = kept(institution, Outcome, Intervention, HelpPlan, Verdict, IdempotentAnswer, AuditEntry)
    return [len(rows) for rows in written]


def test_an_outcome_is_recorded_and_says_which_system_told_it(sis, bodies, riverside, first):
    (before,) = kept(riverside, Outcome)

    response = sis.post("/api/outcomes", bodies["/api/outcomes"])

    assert response.status_code == 201
    assert response.json() == {
        **bodies["/api/outcomes"],
        "kind": "dropped_out",
        "known_on": bodies["/api/outcomes"]["happened_on"],
        "source": "Gradebook",
    }
    outcomes, entries = kept(riverside, Outcome, AuditEntry)
    outcome = outcomes[-1]
    assert len(outcomes) == len(before) + 1
    assert (outcome.student_id, outcome.source, outcome.recorded_by) == (first.pk, "Gradebook", None)
    assert (entries[-1].action, entries[-1].api_client, entries[-1].subject_id) == (
        *("outcome_recorded", sis.client),
        first.public_id,
    )


@pytest.mark.parametrize("code", ["Dropout", "dropout", "uri://ed-fi.org/ExitWithdrawTypeDescriptor#Dropout"])
def test_a_code_is_kept_as_the_vocabulary_writes_it(sis, bodies, code):
    told = sis.post("/api/outcomes", bodies["/api/outcomes"] | {"exit_code": code}).json()

    assert (told["exit_code"], told["kind"]) == ("Dropout", "dropped_out")


def test_a_code_counts_as_the_institution_says(sis, ines, bodies, riverside):
    body = bodies["/api/outcomes"] | {"exit_code": "w7"}
    assert sis.post("/api/outcomes", body).status_code == 400
    with scope.entered(scope.of_institution(riverside)):
        exit_code_map.add(code="W7", kind="transferred", by=ines, now=timezone.now())

    told = sis.post("/api/outcomes", body).json()

    assert (told["exit_code"], told["kind"]) == ("W7", "transferred")


def test_help_begins_with_its_usual_plan_and_the_list_knows(sis, bodies, riverside, first):
    response = sis.post("/api/interventions", bodies["/api/interventions"])

    told = response.json()
    interventions, plans, entries = kept(riverside, Intervention, HelpPlan, AuditEntry)
    plan = plans[-1]
    assert (response.status_code, told["id"], told["owner"]) == (201, str(plan.public_id), "Gradebook")
    assert (told["due_on"], told["check_every_days"]) == (plan.due_on.isoformat(), plan.check_every_days)
    assert told["check_every_days"]
    assert (plan.owner, plan.created_by, interventions[-1].recorded_by) == (None, None, None)
    assert (entries[-1].action, entries[-1].api_client) == ("intervention_begun", sis.client)
    with scope.entered(scope.of_institution(riverside)):
        assert CurrentRisk.objects.get(student=first).help_state == "open"


@pytest.mark.parametrize("path", PATHS)
def test_said_twice_it_stands_once(sis, bodies, riverside, path):
    answers = [sis.post(path, bodies[path])]
    after = count(riverside)

    answers.append(sis.post(path, bodies[path]))

    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].content == answers[1].content
    assert count(riverside) == after


def test_two_systems_may_say_the_same_of_a_flag(sis, client_of, bodies, riverside):
    other = client_of(riverside, scopes=SCOPES)

    statuses = [system.post("/api/verdicts", bodies["/api/verdicts"]).status_code for system in (sis, other)]

    assert statuses == [201, 201]


@pytest.mark.parametrize("path", PATHS)
def test_a_key_made_for_something_else_writes_nothing(client_of, riverside, bodies, path):
    before = count(riverside)
    needed = f"write_{path.removeprefix('/api/')}"
    asking = client_of(riverside, scopes=[*set(SCOPES) - {needed}, "predict", "read_risk", "upload"])

    sound(asking.post(path, bodies[path]), 403)

    assert count(riverside) == before
    assert client_of(riverside, scopes=[needed]).post(path, bodies[path]).status_code == 201


@pytest.mark.parametrize("path", PATHS)
def test_without_a_key_nothing_is_written(sis, bodies, riverside, path):
    before = count(riverside)
    sis.key = "dp_wrong"

    assert sound(sis.post(path, bodies[path]), 401)
    assert count(riverside) == before


@pytest.mark.parametrize("path", PATHS)
def test_a_student_of_another_institution_is_answered_like_nobody(client_of, lakeside, bodies, path):
    asking = client_of(lakeside, scopes=SCOPES)

    answers = [
        asking.post(path, bodies[path] | {"student": who}) for who in (bodies[path]["student"], str(uuid.uuid4()))
    ]

    assert [sound(answer, 404)["detail"] for answer in answers] == ["There is nothing here that this key may see."] * 2
    assert answers[0].content == answers[1].content


FAULTS = {
    "unknown code": ("/api/outcomes", {"exit_code": "Vanished"}, "exit_code"),
    "code as a number": ("/api/outcomes", {"exit_code": 5}, "exit_code"),
    "no day": ("/api/outcomes", {"happened_on": "soon"}, "happened_on"),
    "no such day": ("/api/outcomes", {"happened_on": "2026-02-30"}, "happened_on"),
    "a moment": ("/api/outcomes", {"happened_on": "2026-02-03T10:00:00Z"}, "happened_on"),
    "evidence too long": ("/api/outcomes", {"evidence": "x" * 301}, "evidence"),
    "nul": ("/api/outcomes", {"evidence": "a\0b"}, "evidence"),
    "surrogate": ("/api/outcomes", {"evidence": "\ud800"}, "evidence"),
    "kind of its own": ("/api/outcomes", {"kind": "graduated"}, "kind"),
    "by": ("/api/outcomes", {"recorded_by": 1}, "recorded_by"),
    "no uuid": ("/api/outcomes", {"student": "S1"}, "student"),
    "a number": ("/api/outcomes", {"student": 1}, "student"),
    "nobody": ("/api/outcomes", {"student": None}, "student"),
    "unknown help": ("/api/interventions", {"kind": "exorcism"}, "kind"),
    "help without a day": ("/api/interventions", {"started_on": None}, "started_on"),
    "help with an owner": ("/api/interventions", {"owner": "Amara"}, "owner"),
    "unknown verdict": ("/api/verdicts", {"kind": "maybe"}, "kind"),
    "verdict with a day": ("/api/verdicts", {"until_on": "2030-01-01"}, "until_on"),
    "reason too long": ("/api/verdicts", {"reason": "x" * 301}, "reason"),
    "verdict by another": ("/api/verdicts", {"by": "Amara"}, "by"),
}
TOMORROW, LONG_AGO = (timezone.now() + dt.timedelta(days=2)).date().isoformat(), "2020-01-01"
REFUSALS = {
    "outcome ahead": ("/api/outcomes", {"happened_on": TOMORROW}, "happened_on"),
    "help ahead": ("/api/interventions", {"started_on": TOMORROW}, "started_on"),
    "day past": ("/api/verdicts", {"kind": "not_now", "until_on": LONG_AGO}, "until_on"),
    "fact without a word": ("/api/verdicts", {"kind": "wrong_fact", "reason": " "}, "reason"),
    "nothing to take back": ("/api/verdicts", {"kind": "taken_back"}, "kind"),
}


@pytest.mark.parametrize(
    ("status", "path", "changes", "field"),
    [*((400, *fault) for fault in FAULTS.values()), *((422, *refusal) for refusal in REFUSALS.values())],
    ids=[*FAULTS, *REFUSALS],
)
def test_what_cannot_be_kept_is_said_beside_its_field_and_leaves_nothing(
    sis, bodies, riverside, status, path, changes, field
):
    before = count(riverside)

    told = sound(sis.post(path, bodies[path] | changes, **{KEY: "k1"}), status)

    assert [fault["field"] for fault in told["errors"]] == [field]
    assert count(riverside) == before
    # Nothing stands under the key, so that it may come again, mended.
    assert sis.post(path, bodies[path], **{KEY: "k1"}).status_code == 201


def test_of_a_student_who_was_merged_the_other_is_meant(sis, bodies, riverside, northside, ines):
    with scope.entered(scope.of_institution(riverside)):
        keep, other = (rows.student(northside) for _ in range(2))
        student_merges.merge(keep=keep, other=other, reason="One child", by=ines, now=timezone.now())

    for path in PATHS[:2]:
        told = sis.post(path, bodies[path] | {"student": str(other.public_id)})
        assert (told.status_code, told.json()["student"]) == (201, str(keep.public_id))


@pytest.mark.parametrize("path", PATHS)
def test_whatever_is_sent_is_refused_and_leaves_nothing(sis, riverside, path):
    before = count(riverside)

    for body in (*NOT_JSON.values(), b"[]", b"null", b"{}", b'"word"'):
        sound(sis.post(path, body), 400)
    sound(sis.post(path, {"student": "x" * 3_000_000}), 413)
    sound(sis._browser({}).post(path, {"student": "x"}), 415)

    assert count(riverside) == before


def test_a_student_on_no_list_has_no_flag(sis, bodies, riverside, first):
    with scope.entered(scope.of_institution(riverside)):
        CurrentRisk.objects.filter(student=first).delete()

    told = sound(sis.post("/api/verdicts", bodies["/api/verdicts"]), 422)

    assert (told["detail"], told["errors"][0]["field"]) == ("This student is on no list.", "student")


@pytest.mark.parametrize("path", PATHS)
def test_the_same_key_answers_the_same_and_acts_once(sis, bodies, riverside, path):
    first_answer = sis.post(path, bodies[path], **{KEY: "k1"})
    after = count(riverside)

    again = sis.post(path, dict(reversed(bodies[path].items())), **{KEY: "k1"})

    assert (first_answer.status_code, again.status_code) == (201, 201)
    assert first_answer.content == again.content
    assert (first_answer.get("Idempotent-Replay"), again["Idempotent-Replay"]) == (None, "true")
    assert count(riverside) == after


def test_the_same_key_with_something_else_is_refused(sis, bodies, riverside):
    sis.post(PATHS[0], bodies[PATHS[0]], **{KEY: "k1"})
    after = count(riverside)

    for path, body in ((PATHS[0], bodies[PATHS[0]] | {"evidence": "A call"}), (PATHS[1], bodies[PATHS[1]])):
        told = sound(sis.post(path, body, **{KEY: "k1"}), 422)
        assert told["errors"][0]["field"] == KEY

    assert count(riverside) == after


def test_a_key_is_one_clients(sis, client_of, bodies, riverside):
    other = client_of(riverside, scopes=SCOPES)

    answers = [
        system.post(PATHS[1], bodies[PATHS[1]] | {"goal": str(n)}, **{KEY: "k1"})
        for n, system in enumerate((sis, other))
    ]

    assert [answer.status_code for answer in answers] == [201, 201]


@pytest.mark.parametrize("key", ["", " ", "two words", "x" * 201, "é"])
def test_a_key_that_is_none_is_refused(sis, bodies, riverside, key):
    before = count(riverside)

    told = sound(sis.post(PATHS[0], bodies[PATHS[0]], **{KEY: key}), 400)

    assert [fault["field"] for fault in told["errors"]] == [KEY]
    assert count(riverside) == before


@pytest.mark.parametrize("path", PATHS)
def test_what_is_written_and_its_answer_are_kept_together_or_not_at_all(sis, bodies, riverside, monkeypatch, path):
    before = count(riverside)

    def fail(*_args, **_kwargs):
        raise OSError("the disk is full")

    with monkeypatch.context() as patched:
        patched.setattr(IdempotentAnswer, "save", fail)
        assert sis.post(path, bodies[path], **{KEY: "k1"}).status_code == 500

    assert count(riverside) == before
    assert sis.post(path, bodies[path], **{KEY: "k1"}).status_code == 201


@pytest.mark.parametrize(("hours", "is_kept"), [(24, True), (47, True), (49, False)])
def test_an_answer_is_kept_for_two_days(sis, bodies, riverside, hours, is_kept):
    sis.post(PATHS[1], bodies[PATHS[1]], **{KEY: "old"})
    with scope.entered(scope.of_institution(riverside)):
        IdempotentAnswer.objects.update(at=timezone.now() - dt.timedelta(hours=hours))

    sis.post(PATHS[1], bodies[PATHS[1]] | {"goal": "Another"}, **{KEY: "new"})

    (answers,) = kept(riverside, IdempotentAnswer)
    assert [answer.key for answer in answers] == (["old", "new"] if is_kept else ["new"])
