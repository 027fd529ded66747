"""The line of the list is drawn where whoever reads it said they can see no more."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions import capacities
from predictions.models import CurrentRisk, TeamCapacity
from tests.district_in_database import CAPACITY
from tests.people import signed_in
from tests.predictions.pages import names, rows, text_of

NOW = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)


def say(person, n, **given):
    return signed_in(person).post("/lists/capacity", {"n": n, "speaks_for": "me"} | given)


def read(person, query=""):
    return signed_in(person).get(f"/students/{query}").content.decode()


def above(page):
    return names(page[: page.index('<li class="capacity-line">')])


def stands(person):
    membership = person.memberships.get()
    with scope.entered(scope.of_membership(membership)):
        return capacities.of(membership=membership)


def test_the_institution_speaks_until_somebody_else_does(amara):
    assert (stands(amara).n, stands(amara).whose) == (CAPACITY, "institution")


def test_the_line_is_drawn_where_she_says(amara, riverside, northside):
    assert say(amara, 7)["Location"] == "/students/"

    page = read(amara)
    with scope.entered(scope.of_institution(riverside)):
        first = CurrentRisk.objects.filter(school=northside, rank__gt=0).order_by("rank").select_related("student")[:7]
        expected = sum(risk.risk for risk in first)
        names_of_first = [risk.student.name for risk in first]
    assert above(page) == names_of_first
    assert "7 students are worth a conversation first." in page
    assert "You can see 7 this fortnight." in text_of(page)
    assert f"About {expected:.0f} of these 7" in text_of(page)


def test_nobody_elses_line_moves(amara, bo, ines):
    before = read(bo), read(ines)

    say(amara, 7)

    assert ([rows(page) for page in before], stands(bo).whose) == ([rows(read(bo)), rows(read(ines))], "institution")
    assert "You can see" not in read(bo)


def test_a_school_speaks_for_whoever_sees_it_alone_and_each_may_differ(amara, bo, ines):
    say(amara, 9, speaks_for="school")
    assert [(stands(person).n, stands(person).whose) for person in (amara, bo, ines)] == [
        (9, "school"),
        (CAPACITY, "institution"),
        (CAPACITY, "institution"),
    ]

    say(amara, 3)

    assert (stands(amara).n, stands(amara).whose) == (3, "mine")
    assert "Your school" not in read(amara)


def test_the_newest_word_holds_and_every_word_stays(amara, riverside):
    for n in (5, 5, 6):
        say(amara, n)

    assert stands(amara).n == 6
    with scope.entered(scope.of_institution(riverside)):
        assert list(TeamCapacity.objects.values_list("n", flat=True)) == [6, 5]
        assert AuditEntry.objects.filter(action="capacity_set", user=amara).count() == 2


@pytest.mark.parametrize("n", ["0", "-3", "5001", "many", "", "1.5"])
def test_what_is_no_number_of_students_is_said_beside_the_field(amara, n):
    response = say(amara, n)

    assert response.status_code == 422
    assert 'id="id_n_error"' in response.content.decode()
    assert stands(amara).whose == "institution"


@pytest.mark.parametrize("n", [0, 5001])
def test_the_number_has_its_bounds_without_a_page_too(amara, riverside, n):
    with scope.entered(scope.of_membership(amara.memberships.get())), pytest.raises(capacities.Refused):
        capacities.say(institution=riverside, n=n, school=None, by=amara, now=NOW)


@pytest.mark.parametrize(("person", "status"), [("sam", 403), ("mika", 403), ("ines", 302)])
def test_only_those_with_a_caseload_say_how_many(request, person, status):
    assert say(request.getfixturevalue(person), 5).status_code == status


def test_whoever_sees_several_schools_speaks_for_none(ines, riverside):
    assert "The team of" not in signed_in(ines).get("/lists/capacity").content.decode()

    say(ines, 5, speaks_for="school")

    with scope.entered(scope.of_institution(riverside)):
        assert TeamCapacity.objects.get().user == ines


def test_more_places_than_students_put_everybody_known_above_the_line(amara, riverside, northside):
    say(amara, 5000)

    with scope.entered(scope.of_institution(riverside)):
        known = CurrentRisk.objects.filter(school=northside, rank__gt=0).count()
    assert f"{known} students are worth a conversation first." in text_of(read(amara))


def test_the_list_is_narrowed_to_those_not_yet_helped(amara, riverside, northside):
    with scope.entered(scope.of_institution(riverside)):
        student = (
            CurrentRisk.objects.filter(school=northside, help_state="none", rank__gt=0).order_by("rank")[0].student
        )
    assert student.name in names(read(amara, "?help=none"))

    given = {"kind": "mentor", "started_on": str(timezone.now().date() - dt.timedelta(days=3)), "goal": ""}
    signed_in(amara).post(f"/students/{student.public_id}/help", given)

    assert student.name not in names(read(amara, "?help=none"))
    assert student.name in names(read(amara, "?help=open"))
    assert "Help under way" in text_of(read(amara, "?help=open"))
