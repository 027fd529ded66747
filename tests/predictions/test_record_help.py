"""Recording help from a student's page, and the page on which all of it stands."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from students.models import Intervention, Student
from tests.people import signed_in

GIVEN = {"kind": "mentor", "started_on": "2026-03-02", "goal": "Every Tuesday with Ms Ito"}


@pytest.fixture
def student(riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        return Student.objects.filter(school=northside, intervention=None, current_risk__rank__gt=0).order_by("pk")[0]


def record(person, student, **changes):
    return signed_in(person).post(f"/students/{student.public_id}/help", GIVEN | changes)


def recorded(student):
    with scope.entered(scope.of_institution(student.institution)):
        return list(Intervention.objects.filter(student=student))


def test_help_is_recorded_and_stands_on_the_page(amara, student):
    response = record(amara, student)

    assert (response.status_code, response["Location"]) == (302, f"/students/{student.public_id}/")
    (help_given,) = recorded(student)
    assert (help_given.kind, help_given.started_on, help_given.owner) == ("mentor", dt.date(2026, 3, 2), "Amara")
    assert help_given.recorded_by == amara
    assert help_given.known_on >= help_given.started_on
    assert "Every Tuesday with Ms Ito" in signed_in(amara).get(response["Location"]).content.decode()


def test_who_recorded_it_is_on_record(amara, student):
    record(amara, student)

    with scope.entered(scope.of_institution(student.institution)):
        entry = AuditEntry.objects.get(action="intervention_begun")
    assert (entry.user, entry.subject_ids) == (amara, [student.public_id])


def test_pressed_twice_it_stands_once(amara, student):
    assert [record(amara, student).status_code for _ in range(2)] == [302, 302]

    assert len(recorded(student)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"kind": "prayer"}, "id_kind", "Select a valid choice"),
        ({"kind": ""}, "id_kind", "This field is required."),
        ({"started_on": "soon"}, "id_started_on", "Enter a valid date."),
        ({"started_on": "2999-01-01"}, "id_started_on", "This day lies ahead."),
        ({"goal": "x" * 301}, "id_goal", "at most 300 characters"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(amara, student, changes, field, message):
    response = record(amara, student, **changes)

    page = response.content.decode()
    beside = page[page.index(f'<label for="{field}">') :]
    beside = beside[: beside.index("</div>")]
    assert response.status_code == 422
    assert message in beside
    assert "<details" in page[: page.index('<label for="id_kind">')]
    assert recorded(student) == []


def test_help_that_begins_today_is_recorded(amara, student):
    today = timezone.now().astimezone(dt.timezone(dt.timedelta(hours=-5))).date()

    assert record(amara, student, started_on=str(today)).status_code == 302


@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 403), ("sam", 302), ("ines", 302)])
def test_only_those_who_help_here_may_record_it(request, student, person, status):
    response = record(request.getfixturevalue(person), student)

    assert response.status_code == status
    assert len(recorded(student)) == (status == 302)


def test_help_is_not_recorded_by_following_a_link(amara, student):
    assert signed_in(amara).get(f"/students/{student.public_id}/help").status_code == 405


def test_help_of_northside_is_listed_for_amara_and_not_for_bo(amara, bo, student):
    record(amara, student)

    pages = {person: signed_in(person).get("/interventions/").content.decode() for person in (amara, bo)}

    assert "Every Tuesday with Ms Ito" in pages[amara]
    assert "Every Tuesday with Ms Ito" not in pages[bo]


def test_a_look_at_the_help_given_is_on_record(sam, riverside):
    signed_in(sam).get("/interventions/?show=closed")

    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="interventions")
    assert entry.user == sam
    assert 0 < len(entry.subject_ids) <= 50


def test_where_nobody_was_helped_the_page_says_how_to_begin(otto):
    assert "No help is under way." in signed_in(otto).get("/interventions/?show=open").content.decode()


def test_every_kind_of_help_in_the_records_has_words_on_the_page(sam, riverside):
    with scope.entered(scope.of_institution(riverside)):
        kinds = set(Intervention.objects.values_list("kind", flat=True))

    page = signed_in(sam).get("/interventions/?show=closed&kind=family_meeting").content.decode()

    assert kinds <= set(Intervention.Kind.values)
    assert "Family meeting · " in page
    assert "family_meeting · " not in page
