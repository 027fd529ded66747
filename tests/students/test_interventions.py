"""Help that begins is recorded once, by whoever records it, and is on record."""

import datetime as dt
import zoneinfo

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from students.help import interventions
from students.models import Intervention
from tests.people import signed_in

NOW = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)
MONDAY, TUESDAY = dt.date(2025, 3, 3), dt.date(2025, 3, 4)


def begin(student, by, **given):
    with scope.entered(scope.of_institution(student.institution)):
        return interventions.begin(
            **{"student": student, "kind": "mentor", "started_on": MONDAY, "goal": "Talk", "by": by, "now": NOW} | given
        )


def posted(browser, student, **given):
    # The day it is in New York, which after midnight in London is the day before.
    here = timezone.now().astimezone(zoneinfo.ZoneInfo("America/New_York")).date()
    form = {"kind": "mentor", "started_on": here.isoformat(), "goal": "Talk"} | given
    return browser.post(reverse("record_intervention", args=[student.public_id]), form)


def stored(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(Intervention.objects.values_list("kind", "goal", "owner"))


def test_help_is_owned_by_whoever_records_it(amara, nora):
    help_given = begin(nora, amara)

    assert (help_given.owner, help_given.recorded_by, help_given.ended_on) == ("Amara", amara, None)
    assert help_given.institution_id == nora.institution_id


@pytest.mark.parametrize(
    ("started_on", "known_on"),
    [(dt.date(2025, 1, 7), MONDAY), (MONDAY, MONDAY), (dt.date(2025, 3, 4), dt.date(2025, 3, 4))],
)
def test_help_told_late_was_not_known_earlier(amara, nora, started_on, known_on):
    assert begin(nora, amara, started_on=started_on).known_on == known_on


def test_the_same_help_recorded_twice_stands_once(amara, nora, at_riverside):
    first, second = begin(nora, amara), begin(nora, amara)

    assert first == second
    assert [(entry.action, entry.subject_ids) for entry in AuditEntry.objects.all()] == [
        ("intervention_begun", [nora.public_id])
    ]


def test_other_help_stands_beside_it(amara, ines, nora, riverside):
    begin(nora, amara)
    begin(nora, ines)
    begin(nora, amara, kind="tutoring")

    assert len(stored(riverside)) == 3


def test_the_page_records_help_and_shows_it(amara, nora, riverside):
    browser = signed_in(amara)

    response = posted(browser, nora)

    assert response["Location"] == f"/students/{nora.public_id}/"
    assert stored(riverside) == [("mentor", "Talk", "Amara")]
    assert "Mentor" in browser.get(response["Location"]).content.decode()


@pytest.mark.parametrize(
    "given",
    [
        {"kind": "sermon"},
        {"kind": ""},
        {"started_on": "soon"},
        {"started_on": (dt.date.today() + dt.timedelta(days=3)).isoformat()},
        {"goal": "x" * 301},
    ],
)
def test_what_is_not_understood_is_told_beside_its_field(amara, nora, riverside, given):
    response = posted(signed_in(amara), nora, **given)

    assert response.status_code == 422
    assert list(response.context["intervention_form"].errors) == list(given)
    assert stored(riverside) == []


@pytest.mark.parametrize(("person", "status"), [("bo", 404), ("otto", 404), ("mika", 403), ("sam", 302)])
def test_help_is_recorded_only_by_those_who_may(request, nora, riverside, person, status):
    response = posted(signed_in(request.getfixturevalue(person)), nora)

    assert response.status_code == status
    assert bool(stored(riverside)) == (status == 302)


def test_a_stranger_is_sent_to_the_door(client, nora, riverside):
    response = posted(client, nora)

    assert response["Location"].startswith("/login/")
    assert stored(riverside) == []
