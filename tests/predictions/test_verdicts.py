"""One click on a flag: the list respects it at once and so does the next one; a wrong fact becomes a task."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import current_list, runs, verdicts
from predictions.models import CurrentRisk, Verdict
from students.models import DataCase, DataCaseStep
from tests.people import signed_in
from tests.predictions.pages import names, text_of

NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


@pytest.fixture
def first(riverside, northside):
    """The first of Northside's list."""
    with scope.entered(scope.of_institution(riverside)):
        return CurrentRisk.objects.filter(school=northside, rank__gt=0).order_by("rank").first().student


def say(person, student, kind, **given):
    form = {"kind": kind, "reason": "", "until_on": "", "request_key": str(uuid.uuid4())} | given
    return signed_in(person).post(
        f"/students/{student.public_id}/verdict", {f"verdict-{name}": value for name, value in form.items()}
    )


def read(person, query=""):
    return signed_in(person).get(f"/students/{query}").content.decode()


def kept(model, student):
    with scope.entered(scope.of_institution(student.institution)):
        return list(model.objects.filter(student=student))


def listed(student):
    (row,) = kept(CurrentRisk, student)
    return row.verdict, row.is_left_out, row.left_out_until


@pytest.mark.parametrize("kind", ["known", "not_now", "not_applicable"])
def test_whom_nobody_need_talk_about_leaves_the_list_at_once_and_can_be_shown(amara, first, kind):
    before = read(amara)
    assert say(amara, first, kind)["Location"] == f"/students/{first.public_id}/"

    page = read(amara)

    assert names(before)[0] == first.name
    assert first.name not in names(page)
    assert "1 student is left out: your team said so." in text_of(page)
    assert names(read(amara, "?left=1")) == [first.name]
    assert str(Verdict.Kind(kind).label) in text_of(read(amara, "?left=1"))


def test_who_is_worth_a_conversation_stays_with_a_mark(amara, first):
    say(amara, first, "agree")

    page = read(amara)

    assert names(page)[0] == first.name
    assert "Worth a conversation" in page[page.index(first.name) :][:2000]


def test_the_line_counts_those_that_are_left(amara, first):
    signed_in(amara).post("/lists/capacity", {"n": 5, "speaks_for": "me"})
    fifth_and_sixth = names(read(amara))[4:6]

    say(amara, first, "known")

    page = read(amara)
    above = names(page[: page.index('<li class="capacity-line">')])
    assert above[-1:] == fifth_and_sixth[1:]
    assert len(above) == 5


def test_the_next_list_respects_it(amara, first, riverside):
    say(amara, first, "known")

    with scope.entered(scope.of_institution(riverside)):
        current_list.replace(runs.latest_run())

    assert listed(first) == ("known", True, None)
    assert first.name not in names(read(amara))


def test_not_now_is_for_two_weeks_and_ends_by_itself_on_its_day(amara, first, riverside):
    say(amara, first, "not_now")

    (verdict,) = kept(Verdict, first)
    assert verdict.until_on == riverside.day_of(timezone.now()) + dt.timedelta(days=14)
    with scope.entered(scope.of_institution(riverside)):
        CurrentRisk.objects.filter(student=first).update(left_out_until=riverside.day_of(timezone.now()))
    assert names(read(amara))[0] == first.name


def test_it_can_be_taken_back_and_every_word_stays_on_record(amara, first):
    say(amara, first, "known", reason="We met on Monday")
    say(amara, first, "taken_back")

    assert listed(first) == ("", False, None)
    assert [verdict.kind for verdict in kept(Verdict, first)] == ["taken_back", "known"]
    assert names(read(amara))[0] == first.name


def test_a_day_that_cannot_be_chosen_is_told_beside_its_field(amara, first):
    page = say(amara, first, "not_now", until_on="2020-01-01").content.decode()

    assert 'id="id_verdict-until_on_error"' in page
    assert 'id="id_verdict-reason_error"' not in page


def test_taken_back_twice_it_is_taken_back_once(amara, ines, first):
    assert say(amara, first, "taken_back").status_code == 422
    say(amara, first, "known")

    answers = [say(person, first, "taken_back").status_code for person in (amara, amara, ines)]

    assert answers == [302, 302, 422]
    assert [verdict.kind for verdict in kept(Verdict, first)] == ["taken_back", "known"]


def test_while_those_left_out_are_shown_the_title_counts_the_list(amara, first):
    signed_in(amara).post("/lists/capacity", {"n": 5, "speaks_for": "me"})
    say(amara, first, "known")

    page = text_of(read(amara, "?left=1"))

    assert "5 students are worth a conversation first." in page
    assert "1 of " in page


def test_where_everybody_is_left_out_the_list_says_so(amara, first, riverside):
    with scope.entered(scope.of_institution(riverside)):
        CurrentRisk.objects.update(is_left_out=True)

    page = text_of(read(amara))

    assert "Nobody is left on the list." in page
    assert "your team said so." in page


def test_a_double_click_says_it_once(amara, first):
    key = str(uuid.uuid4())
    for _ in range(2):
        say(amara, first, "wrong_fact", reason="She was at the other school", request_key=key)

    assert (len(kept(Verdict, first)), len(kept(DataCase, first))) == (1, 1)


def test_a_wrong_fact_is_a_task_until_it_is_answered_and_whoever_asked_reads_the_answer(amara, ines, first):
    say(amara, first, "wrong_fact", reason="She was at the other school")
    (case,) = kept(DataCase, first)
    todo = signed_in(ines).get("/records/cases/").content.decode()
    out = names(read(amara))

    answer = {f"{case.public_id}-state": "corrected", f"{case.public_id}-words": "Eleven absences taken off"}
    response = signed_in(ines).post(f"/records/cases/{case.public_id}", answer)

    assert "She was at the other school" in todo
    assert "1 fact waits for an answer." in todo
    assert case.due_on == first.institution.day_of(case.opened_at) + dt.timedelta(days=45)
    assert first.name not in out
    assert response["Location"] == "/records/cases/"
    assert names(read(amara))[0] == first.name
    assert "Eleven absences taken off" in signed_in(amara).get(f"/students/{first.public_id}/").content.decode()


def test_a_case_is_answered_once(amara, ines, first):
    say(amara, first, "wrong_fact", reason="She was at the other school")
    (case,) = kept(DataCase, first)
    answers = [
        signed_in(ines).post(
            f"/records/cases/{case.public_id}",
            {f"{case.public_id}-state": state, f"{case.public_id}-words": "Looked it up"},
        )
        for state in ("corrected", "corrected", "upheld")
    ]

    assert [answer.status_code for answer in answers] == [302, 302, 422]
    assert [step.state for step in kept(DataCaseStep, first)] == ["corrected"]


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("wrong_fact", {}),
        ("wrong_fact", {"reason": "   "}),
        ("not_now", {"until_on": "2020-01-01"}),
        ("not_now", {"until_on": "2999-01-01"}),
        ("not_now", {"until_on": "soon"}),
        ("hopeless", {}),
        ("known", {"reason": "x" * 301}),
        ("known", {"request_key": "1"}),
    ],
)
def test_what_is_not_understood_changes_nothing(amara, first, kind, given):
    assert say(amara, first, kind, **given).status_code == 422

    assert (kept(Verdict, first), kept(DataCase, first), listed(first)[1]) == ([], [], False)


@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 403), ("sam", 403), ("ines", 302)])
def test_only_those_who_work_with_the_list_here_say_what_they_think(request, first, person, status):
    assert say(request.getfixturevalue(person), first, "known").status_code == status
    assert bool(kept(Verdict, first)) == (status == 302)


@pytest.mark.parametrize(("person", "status"), [("otto", 404), ("amara", 403), ("sam", 403)])
def test_only_who_keeps_the_data_here_answers(request, amara, first, person, status):
    say(amara, first, "wrong_fact", reason="Wrong grade")
    (case,) = kept(DataCase, first)
    answer = {f"{case.public_id}-state": "upheld", f"{case.public_id}-words": "It is right"}

    assert (
        signed_in(request.getfixturevalue(person)).post(f"/records/cases/{case.public_id}", answer).status_code
        == status
    )
    assert kept(DataCaseStep, first) == []


def test_who_said_what_is_on_record(amara, first):
    say(amara, first, "known")

    with scope.entered(scope.of_institution(first.institution)):
        entry = AuditEntry.objects.get(action="verdict_given")
    assert (entry.user, entry.subject_ids) == (amara, [first.public_id])


def test_a_student_on_no_list_has_no_flag_to_judge(amara, first, riverside):
    with scope.entered(scope.of_institution(riverside)):
        CurrentRisk.objects.filter(student=first).delete()
    with scope.entered(scope.of_membership(amara.memberships.get())), pytest.raises(verdicts.Refused):
        verdicts.give(student=first, kind="known", by=amara, now=NOW, request_key=uuid.uuid4())
