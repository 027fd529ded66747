"""The pages of the way back: who sees them, what they hold, what happens to what was typed."""

import datetime as dt
import html
import re

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from accounts.permissions import can
from students.models import ReengagementCase
from students.outcomes import way_back_queue
from tests import rows
from tests.people import signed_in
from tests.students.ways_back import case_of, left

NOBODY = "018f0000-0000-7000-8000-000000000000"
TODAY = timezone.localdate()
FOUND = {"found-talked_to": "family", "found-reason": "works", "found-words": "Helps in the shop"}
FEW = 13
ROW = re.compile(r'<li class="pair">.*?</li>', re.DOTALL)


@pytest.fixture
def case(sam, nora, riverside):
    return opened(sam, nora)


@pytest.fixture
def everybodys(sam, otto, nora, hugo, ella):
    for by, student in ((sam, nora), (sam, hugo), (otto, ella)):
        opened(by, student)
    return [nora, hugo, ella]


def opened(by, student, days_ago=5, **given):
    now = timezone.now()
    with scope.entered(scope.of_institution(student.institution)):
        left(student, by, happened_on=TODAY - dt.timedelta(days=days_ago), now=now)
        found = case_of(student)
        ReengagementCase.objects.filter(pk=found.pk).update(**given)
        return case_of(student)


def standing(case):
    with scope.entered(scope.of_institution(case.institution)):
        return ReengagementCase.objects.get(pk=case.pk)


def post(person, case, step, **given):
    # A day that is over everywhere.
    said = {f"{step}-version": "1", f"{step}-done_on": str(TODAY - dt.timedelta(days=2))} | given
    return signed_in(person).post(f"/cases/{case.public_id}/{step}", said)


def page(person, query=""):
    return html.unescape(signed_in(person).get(f"/cases/{query}").content.decode())


def names(person, query, students):
    return [student for row in ROW.findall(page(person, query)) for student in students if student.name in row]


def routes(case):
    address = f"/cases/{case.public_id}"
    return [("get", f"{address}/"), ("post", f"{address}/owner")] + [
        ("post", f"{address}/{step}") for step in ("found", "plan", "back", "look", "note", "end")
    ]


@pytest.mark.parametrize("person", ["amara", "bo", "ines", "sam", "mika", "otto"])
def test_each_route_opens_for_the_roles_that_may_and_the_students_they_see(request, case, person):
    user = request.getfixturevalue(person)
    may, sees = can(user.memberships.get(), "work_cases"), person in ("amara", "ines", "sam")
    wanted = {"get": 200 if sees else 404, "post": 422 if sees else 404} if may else {"get": 403, "post": 403}

    for method, route in routes(case):
        assert getattr(signed_in(user), method)(route).status_code == wanted[method], route
    assert standing(case).version == 1


@pytest.mark.parametrize("address", [f"/cases/{NOBODY}/", "/cases/{}/made-up"])
def test_what_is_not_there_is_not_found(amara, case, address):
    method = "get" if NOBODY in address else "post"

    assert getattr(signed_in(amara), method)(address.format(case.public_id)).status_code == 404


@pytest.mark.parametrize(("person", "seen"), [("amara", ["nora"]), ("bo", ["hugo"]), ("ines", ["nora", "hugo"])])
def test_the_queue_holds_the_students_one_sees_alone(request, everybodys, person, seen):
    students = everybodys
    found = names(request.getfixturevalue(person), "?show=open", students)

    assert sorted(student.given_name for student in found) == sorted(name.capitalize() for name in seen)


def test_each_part_holds_what_it_says_the_longest_late_first(sam, amara, northside, riverside):
    with scope.entered(scope.of_institution(riverside)):
        given = [rows.student(northside, given_name=f"Kim{n}", family_name="Vale") for n in range(4)]
    late, later, fine, over = given
    opened(sam, later, due_on=TODAY - dt.timedelta(days=2), owner=amara)
    opened(sam, late, due_on=TODAY - dt.timedelta(days=9))
    opened(sam, fine)
    done = {"state": "ended", "ending": "moved", "ended_on": TODAY, "due_on": None, "owner": amara}
    opened(sam, over, **done)

    shown = {show: names(amara, f"?show={show}", given) for show in ("mine", "overdue", "open", "ended", "nothing")}

    assert shown["mine"] == [later] == names(amara, "", given)
    assert (shown["overdue"], shown["open"], shown["ended"]) == ([late, later], [late, later, fine], [over])
    assert "2 cases are late." in page(amara)
    assert names(sam, "", given) == [late, later, fine]


def test_the_queue_is_narrowed_to_a_school(ines, sam, nora, hugo, harbor):
    for student in (nora, hugo):
        opened(sam, student)

    assert names(ines, f"?school={harbor.pk}", [nora, hugo]) == [hugo]
    assert names(ines, "?school=x&after=x", [nora, hugo]) == [nora, hugo]


@pytest.mark.parametrize("show", ["open", "ended"])
def test_pages_follow_one_another_by_key(sam, amara, northside, riverside, monkeypatch, show):
    monkeypatch.setattr(way_back_queue, "PAGE_SIZE", 2)
    with scope.entered(scope.of_institution(riverside)):
        given = [rows.student(northside, given_name=f"Kim{n}", family_name="Vale") for n in range(5)]
    ended = {"state": "ended", "ending": "moved", "ended_on": TODAY, "due_on": None} if show == "ended" else {}
    for student in given:
        opened(sam, student, **ended)
    seen, query = [], f"?show={show}"
    while query:
        seen.append(names(amara, query, given))
        following = re.search(r'href="/cases/(\?[^"]*)" rel="next"', page(amara, query))
        query = following and following[1]

    in_order = given[::-1] if show == "ended" else given
    assert seen == [in_order[:2], in_order[2:4], in_order[4:]]


def test_a_longer_queue_asks_no_more_of_the_database(sam, amara, nora, northside, riverside, django_assert_num_queries):
    opened(sam, nora)
    browser = signed_in(amara)
    browser.get("/cases/?show=open")
    with django_assert_num_queries(FEW) as few:
        browser.get("/cases/?show=open")
    with scope.entered(scope.of_institution(riverside)):
        more = [rows.student(northside) for _ in range(5)]
    for student in more:
        opened(sam, student)
    with django_assert_num_queries(len(few)):
        browser.get("/cases/?show=open")


def test_a_step_is_recorded_on_the_page_and_stands_there(amara, case):
    assert post(amara, case, "found", **FOUND).status_code == 302
    shown = html.unescape(signed_in(amara).get(f"/cases/{case.public_id}/").content.decode())

    assert "Talked with: The family. They say: Works, or has to earn." in shown
    assert "Make a plan" in shown
    assert standing(case).state == "planning"
    with scope.entered(scope.of_institution(case.institution)):
        assert AuditEntry.objects.filter(action="way_back_case", subject_id=case.student.public_id, user=amara).exists()


def test_a_step_sent_twice_from_one_page_stands_once(amara, case):
    answers = [post(amara, case, "found", **FOUND).status_code for _twice in range(2)]

    assert (answers, standing(case).version) == ([302, 302], 2)


def test_the_second_of_two_people_sees_the_first_and_keeps_what_was_typed(amara, sam, case):
    post(amara, case, "found", **FOUND)
    ending = {"end-ending": "not_found", "end-words": "Nobody at the door"}
    second = post(sam, case, "end", **ending)
    lost = post(sam, case, "found", **FOUND | {"found-words": "Works nights"})

    shown = html.unescape(second.content.decode())
    assert (second.status_code, lost.status_code, standing(case).state) == (409, 409, "planning")
    assert "Somebody worked on this case meanwhile." in shown
    assert "Helps in the shop" in shown
    assert "Nobody at the door" in shown
    assert 'name="end-version" value="2"' in shown
    assert "“Works nights”" in html.unescape(lost.content.decode())
    assert post(sam, case, "end", **ending | {"end-version": "2"}).status_code == 302


def test_what_is_refused_says_why_and_stays_typed(amara, case):
    refused = post(amara, case, "end", **{"end-ending": "moved", "end-words": "X", "end-done_on": "2099-01-01"})

    shown = html.unescape(refused.content.decode())
    assert (refused.status_code, "This day lies ahead." in shown, standing(case).version) == (422, True, 1)


def test_a_case_is_given_to_who_sees_the_student_alone(ines, amara, bo, case):
    def given(owner):
        said = {"owner-owner": str(owner.pk), "owner-version": "1"}
        return signed_in(ines).post(f"/cases/{case.public_id}/owner", said).status_code

    assert (given(bo), standing(case).owner) == (422, None)
    assert ([given(amara), given(amara)], standing(case).owner) == ([302, 302], amara)
    assert given(ines) == 409


def test_the_page_of_an_outcome_leads_to_the_case(sam, nora, case):
    shown = signed_in(sam).get(f"/students/{nora.public_id}/outcomes").content.decode()

    assert f'href="/cases/{case.public_id}/"' in shown


def test_an_ended_case_asks_for_nothing(amara, case):
    post(amara, case, "end", **{"end-ending": "moved", "end-words": "To another town"})
    shown = signed_in(amara).get(f"/cases/{case.public_id}/").content.decode()

    assert "To another town" in shown
    assert f"/cases/{case.public_id}/note" not in shown


def days_given(**given):
    said = {"find_out_days": 7, "plan_days": 10, "return_days": 20, "first_check_days": 30, "second_check_days": 60}
    return said | {"third_check_days": 90, "fourth_check_days": 120, "version": 1} | given


def test_deadlines_are_set_and_a_second_editor_sees_the_first(ines, riverside):
    browser = signed_in(ines)
    answers = [
        browser.post("/cases/deadlines/", days_given(**more))
        for more in ({"third_check_days": 60}, {}, {}, {"plan_days": 3})
    ]

    assert [answer.status_code for answer in answers] == [422, 302, 302, 409]
    assert "Days to make a plan: 10;" in answers[-1].content.decode()
    assert 'name="version" value="2"' in answers[-1].content.decode()
    assert 'value="7"' in browser.get("/cases/deadlines/").content.decode()
