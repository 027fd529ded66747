"""One help for many students: ticked on a page, recorded for all of them or none, and once."""

import datetime as dt
import re

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import caseloads, given_help, list_states
from predictions.models import CurrentRisk, HelpState
from students.help.many_given import Begun
from students.models import Enrolment, HelpPlan, Intervention
from tests.people import signed_in

ADDRESS = "/help/many/"
GIVEN = {"kind": "mentor", "started_on": "2026-03-02", "goal": "Every Tuesday"}


@pytest.fixture
def some(northside):
    """Five listed students of Northside without help, of whom three will be ticked."""
    return without_help(northside, 5)


def without_help(school, n):
    with scope.entered(scope.of_institution(school.institution)):
        listed = CurrentRisk.objects.filter(school=school, help_state=HelpState.NONE).select_related("student")
        return [row.student for row in listed.order_by("student__family_name", "pk")[:n]]


def record(person, students, query="", **changes):
    ticked = {"student": [str(student.public_id) for student in students]}
    return signed_in(person).post(ADDRESS + query, GIVEN | ticked | changes)


def recorded(students):
    with scope.entered(scope.of_institution(students[0].institution)):
        found = Intervention.objects.filter(student__in=students).order_by("pk")
        return [(given.student_id, given.kind, given.goal, given.owner) for given in found]


def listed_on(page):
    return set(re.findall(r'name="student" value="([^"]+)"', page))


def test_help_for_three_is_recorded_planned_and_told_to_the_list(amara, some):
    browser = signed_in(amara)
    done = browser.post(ADDRESS, GIVEN | {"student": [str(student.public_id) for student in some[:3]]})

    assert done.status_code == 302
    assert done["Location"].startswith("/help/many/?school=")
    assert sorted(recorded(some)) == sorted((one.pk, "mentor", "Every Tuesday", "Amara") for one in some[:3])
    assert "Recorded for 3 students." in browser.get(done["Location"]).content.decode()
    with scope.entered(scope.of_institution(some[0].institution)):
        states = CurrentRisk.objects.filter(student__in=some[:3]).values_list("help_state", flat=True)
        assert list(states) == [HelpState.OPEN] * 3
        assert HelpPlan.objects.filter(student__in=some, owner=amara, next_due__isnull=False).count() == 3
        assert AuditEntry.objects.filter(action="intervention_begun").count() == 3


def test_sent_twice_it_stands_once_and_who_was_added_meanwhile_is_recorded(amara, sam, some):
    record(amara, some[:2])
    browser = signed_in(sam)
    ticked = {"student": [str(student.public_id) for student in some[:3]]}

    said = [browser.post(ADDRESS, GIVEN | ticked, follow=True).content.decode() for _ in range(2)]

    assert "Recorded for 1 student. 2 had it already." in said[0]
    assert "All of this is on record already." in said[1]
    assert [owner for *_rest, owner in recorded(some)] == ["Amara", "Amara", "Sam"]


def test_if_it_cannot_begin_for_one_it_begins_for_none_and_what_was_typed_stays(amara, some):
    with scope.entered(scope.of_institution(some[0].institution)):
        day = dt.date(2026, 3, 3)
        Enrolment.objects.filter(student=some[1]).update(entered_on=day, known_on=day, exited_on=None)

    answer = record(amara, some[:3])

    page = answer.content.decode()
    assert (answer.status_code, recorded(some)) == (422, [])
    assert "Nothing was recorded" in page
    assert f"{some[1].name}: This is before the student&#x27;s first day here, 3 March 2026." in page
    assert "Every Tuesday" in page
    assert some[0].name not in page.split("Nothing was recorded")[1].split("<ul")[0]


def test_if_the_list_cannot_be_told_nothing_is_recorded(amara, some, monkeypatch):
    def breaks(_students):
        raise RuntimeError("broken")

    monkeypatch.setattr(list_states, "help_changed", breaks)
    begun = [Begun(student=one, kind="mentor", started_on=dt.date(2026, 3, 2)) for one in some[:3]]
    with scope.entered(scope.of_institution(some[0].institution)), pytest.raises(RuntimeError, match="broken"):
        given_help.begin_many(begun=begun, by=amara, now=timezone.now())

    assert recorded(some) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"student": []}, "Nobody is ticked."),
        ({"student": ["no key", "\x00"]}, "Nobody is ticked."),
        ({"kind": "astrology"}, "Select a valid choice"),
        ({"started_on": "2999-01-01"}, "This day lies ahead."),
        ({"started_on": ""}, "This field is required."),
        ({"goal": "x" * 301}, "at most 300"),
    ],
)
def test_what_cannot_be_recorded_says_so(amara, some, changes, words):
    answer = record(amara, some[:3], **changes)

    assert (answer.status_code, recorded(some)) == (422, [])
    assert words in answer.content.decode()


def test_of_students_one_does_not_see_none_is_recorded_nor_of_the_others(amara, some, harbor, ella):
    for stranger in (without_help(harbor, 1)[0], ella):
        answer = record(amara, [*some[:2], stranger])

        assert answer.status_code == 422
        assert "Somebody you ticked is not here any more." in answer.content.decode()
        assert stranger.name not in answer.content.decode()
        assert recorded([stranger]) == []
    assert recorded(some) == []


def test_the_page_begins_with_ones_own_students_and_shows_everybodys_when_asked(amara, ines, some, northside):
    everybody = listed_on(signed_in(amara).get(ADDRESS).content.decode())
    with scope.entered(scope.of_institution(northside.institution)):
        caseloads.assign(students=some[:2], counsellor=amara, by=ines, now=timezone.now())

    own = listed_on(signed_in(amara).get(ADDRESS).content.decode())
    asked = listed_on(signed_in(amara).get(f"{ADDRESS}?school={northside.pk}&whose=").content.decode())

    assert own == {str(student.public_id) for student in some[:2]}
    assert asked == everybody
    assert len(everybody) == 50


def test_one_begins_at_the_school_where_ones_students_are(sam, ines, northside, harbor):
    (student,) = without_help(northside, 1)
    assert listed_on(signed_in(sam).get(ADDRESS).content.decode()).isdisjoint({str(student.public_id)})
    with scope.entered(scope.of_institution(northside.institution)):
        caseloads.assign(students=[student], counsellor=sam, by=ines, now=timezone.now())

    assert listed_on(signed_in(sam).get(ADDRESS).content.decode()) == {str(student.public_id)}


def test_it_goes_on_page_by_page_and_a_mistake_stays_on_its_page(amara, some, northside):
    browser = signed_in(amara)
    first = browser.get(ADDRESS).content.decode()
    onward = re.search(r'href="([^"]+)" rel="next"', first).group(1).replace("&amp;", "&")
    second = listed_on(browser.get(onward).content.decode())

    key = min(second)
    wrong = browser.post(onward, GIVEN | {"student": [key], "started_on": ""}).content.decode()

    assert second.isdisjoint(listed_on(first))
    assert listed_on(wrong) == second
    assert re.search(f'value="{key}" checked', wrong)


@pytest.mark.parametrize(
    ("person", "status"), [("amara", 302), ("sam", 302), ("ines", 302), ("mika", 403), ("otto", 422)]
)
def test_only_who_records_help_may(request, some, person, status):
    answer = record(request.getfixturevalue(person), some[:1])

    assert (answer.status_code, len(recorded(some))) == (status, int(status == 302))


@pytest.mark.parametrize(("person", "there"), [("amara", True), ("mika", False)])
def test_the_queue_leads_there_for_whoever_records_help(request, person, there):
    page = signed_in(request.getfixturevalue(person)).get("/interventions/").content.decode()

    assert ('href="/help/many/"' in page) == there


def test_the_page_asks_the_same_of_the_database_however_many_are_ticked(
    amara, northside, django_assert_max_num_queries
):
    students = without_help(northside, 40)
    for some in (students[:2], students[2:]):
        # Of them fourteen are for signing in.
        with django_assert_max_num_queries(45):
            assert record(amara, some).status_code == 302
