"""The page of one piece of help, what is due, and the list of students that is told of both."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import current_list, runs
from predictions.models import CurrentRisk
from students.models import HelpEnd, HelpPlan, Intervention, ProgressCheck, Student
from tests.people import signed_in

NEW_YORK = dt.timezone(dt.timedelta(hours=-5))


def here(days_ago=0):
    return timezone.now().astimezone(NEW_YORK).date() - dt.timedelta(days=days_ago)


@pytest.fixture
def student(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return Student.objects.filter(school=northside, intervention=None, current_risk__rank__gt=0).order_by("pk")[0]


@pytest.fixture
def plan(amara, student):
    given = {"kind": "mentor", "started_on": str(here(30)), "goal": "Every Tuesday"}
    signed_in(amara).post(f"/students/{student.public_id}/help", given)
    return stored(HelpPlan, student).get()


def stored(model, student):
    with scope.entered(scope.of_institution(student.institution)):
        found = model.objects.filter(student=student)
        len(found)
        return _Kept(list(found))


class _Kept(list):
    def get(self):
        (only,) = self
        return only


def address(plan, deed=""):
    return f"/help/{plan.public_id}/{deed}"


def look(person, plan, **given):
    said = {"look-on_track": "partly", "look-checked_on": str(here()), "look-words": "Came twice"}
    return signed_in(person).post(address(plan, "look"), said | given)


def end(person, plan, **given):
    said = {"end-happened": "no", "end-ended_on": str(here()), "end-result": "The mentor moved away"}
    return signed_in(person).post(address(plan, "end"), said | given)


def change(person, plan, **given):
    said = {"plan-owner": person.pk, "plan-due_on": "", "plan-check_every_days": "7", "plan-version": "1"}
    return signed_in(person).post(address(plan, "plan"), said | given)


def help_state(student):
    return stored(CurrentRisk, student).get().help_state


def test_the_page_says_who_carries_it_since_when_and_how_often_it_is_looked_at(amara, plan):
    page = signed_in(amara).get(address(plan)).content.decode()

    assert "Mentor for " in page
    assert "Amara carries it" in page
    assert "Looked at every 14 days." in page
    assert "Nobody has looked at it yet." in page


def test_a_look_sent_twice_stands_once_and_is_on_the_page(amara, student, plan):
    assert [look(amara, plan).status_code for _ in range(2)] == [302, 302]

    assert len(stored(ProgressCheck, student)) == 1
    assert "Came twice" in signed_in(amara).get(address(plan)).content.decode()


def test_the_list_knows_at_once_that_help_began_and_that_it_ended(amara, student, plan):
    begun = help_state(student)

    assert end(amara, plan).status_code == 302

    assert (begun, help_state(student)) == ("open", "ended")
    for page in (address(plan), f"/students/{student.public_id}/", "/interventions/?show=closed"):
        assert "The mentor moved away" in signed_in(amara).get(page).content.decode()


def test_a_new_list_knows_who_gets_help(amara, student, plan):
    with scope.entered(scope.of_institution(student.institution)):
        current_list.replace(runs.latest_run())
    assert help_state(student) == "open"


def test_help_is_due_for_whoever_carries_it_until_it_is_looked_at(amara, sam, student, plan):
    before = signed_in(amara).get("/interventions/").content.decode()
    mine, his = [signed_in(who).get("/interventions/?whose=mine").content.decode() for who in (amara, sam)]
    look(amara, plan)
    after = signed_in(amara).get("/interventions/?whose=mine").content.decode()

    assert "late for a look" in before
    assert address(plan) in mine
    assert "Nothing of yours is due this week." in his
    assert "Nothing of yours is due this week." in after


def test_the_second_of_two_editors_sees_both_plans_and_may_send_hers_again(amara, sam, student, plan):
    assert change(sam, plan, **{"plan-check_every_days": "3"}).status_code == 302

    refused = change(amara, plan, **{"plan-check_every_days": "5"})

    page = refused.content.decode()
    assert refused.status_code == 409
    assert "Somebody changed the plan meanwhile. It now says: Sam" in page
    assert 'value="5"' in page
    assert 'name="plan-version" value="2"' in page
    assert stored(HelpPlan, student).get().check_every_days == 3
    assert change(amara, plan, **{"plan-check_every_days": "5", "plan-version": "2"}).status_code == 302


@pytest.mark.parametrize(
    ("deed", "changes", "message"),
    [
        (look, {"look-on_track": ""}, "This field is required."),
        (look, {"look-checked_on": "2999-01-01"}, "This day lies ahead."),
        (end, {"end-happened": "perhaps"}, "Select a valid choice"),
        (end, {"end-ended_on": "2019-01-01"}, "before the help began"),
        (change, {"plan-owner": "0"}, "Select a valid choice"),
        (change, {"plan-due_on": "2019-01-01"}, "before the help began"),
        (change, {"plan-check_every_days": "0"}, "greater than or equal to 1"),
    ],
)
def test_what_is_not_understood_is_said_and_kept_out(amara, student, plan, deed, changes, message):
    response = deed(amara, plan, **changes)

    assert response.status_code == 422
    assert message in response.content.decode()
    assert (stored(ProgressCheck, student), stored(HelpEnd, student)) == ([], [])
    assert stored(HelpPlan, student).get().version == 1


@pytest.mark.parametrize("deed", [look, end, change])
@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 403), ("sam", 302)])
def test_only_those_who_help_here_may_change_it(request, student, plan, deed, person, status):
    assert deed(request.getfixturevalue(person), plan).status_code == status
    assert (bool(stored(ProgressCheck, student)), bool(stored(HelpEnd, student))) == (
        (deed, status) == (look, 302),
        (deed, status) == (end, 302),
    )


@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 200), ("sam", 200)])
def test_the_page_opens_for_those_who_may_see_the_student(request, plan, person, status):
    assert signed_in(request.getfixturevalue(person)).get(address(plan)).status_code == status


def test_who_may_only_look_is_offered_no_form(mika, plan):
    assert 'method="post" action="/help/' not in signed_in(mika).get(address(plan)).content.decode()
    assert "Keep this look" not in signed_in(mika).get(address(plan)).content.decode()


def test_a_look_at_the_page_is_on_record(amara, student, plan):
    signed_in(amara).get(address(plan))

    with scope.entered(scope.of_institution(student.institution)):
        entry = AuditEntry.objects.get(action="help_page")
    assert (entry.user, entry.subject_ids) == (amara, [student.public_id])


def test_nobody_is_asked_to_carry_help_for_a_student_they_do_not_see(amara, bo, plan):
    page = signed_in(amara).get(address(plan)).content.decode()

    assert f'<option value="{amara.pk}"' in page
    assert f'<option value="{bo.pk}"' not in page
    assert change(amara, plan, **{"plan-owner": bo.pk}).status_code == 422


def test_a_longer_list_of_help_asks_no_more_of_the_database(amara, student, plan, django_assert_max_num_queries):
    browser = signed_in(amara)
    with django_assert_max_num_queries(40) as few:
        browser.get("/interventions/")
        n_queries = len(few)
    for kind in ("tutoring", "conversation", "family_meeting"):
        given = {"kind": kind, "started_on": str(here(30)), "goal": ""}
        browser.post(f"/students/{student.public_id}/help", given)

    with django_assert_max_num_queries(n_queries):
        browser.get("/interventions/")
    assert len(stored(Intervention, student)) == 4
