"""Where each person begins, and what a supervisor is told."""

import pytest
from celery import Celery
from django.db import DatabaseError

from accounts.models import Institution
from dropout_portal.views import health
from tests.people import SINCE, signed_in


@pytest.mark.parametrize(("person", "place"), [("sam", "/interventions/"), ("mika", "/students/")])
def test_work_begins_on_the_first_page_one_may_open(request, person, place):
    assert signed_in(request.getfixturevalue(person)).get("/")["Location"] == place


@pytest.mark.parametrize("person", ["amara", "ines"])
def test_the_day_of_whoever_has_students_to_see_begins_with_them(request, person):
    page = signed_in(request.getfixturevalue(person)).get("/")

    assert page.status_code == 200
    assert '<a href="/" aria-current="page">' in page.content.decode()
    assert "No list has been made yet." in page.content.decode()


@pytest.mark.parametrize(("person", "is_offered"), [("sam", True), ("ines", True), ("amara", False), ("mika", False)])
def test_outcomes_are_offered_to_those_who_record_them(request, person, is_offered):
    page = signed_in(request.getfixturevalue(person)).get("/interventions/").content.decode()

    assert ('href="/outcomes/"' in page) == is_offered


def test_whoever_has_no_role_today_is_told_so(amara):
    amara.memberships.update(ends_on=SINCE)

    response = signed_in(amara).get("/")

    assert response.status_code == 403
    assert "You have no role here today." in response.content.decode()


def test_a_stranger_is_sent_to_the_door(client, db):
    assert client.get("/")["Location"] == "/login/?next=/"


def test_the_process_says_that_it_lives_without_a_database(client):
    assert client.get("/health/live").json() == {"live": True}


def test_ready_means_database_migrations_and_broker_and_needs_no_champion(client, riverside):
    response = client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {
        "ready": True,
        "checks": {"database": True, "migrations": True, "broker": True},
        "champions": {"institutions": 1, "with_champion": 0},
        "configuration": "good",
    }


def test_a_silent_broker_is_told(client, db, monkeypatch):
    dead = Celery("dead", set_as_current=False, broker="redis+socket:///tmp/there-is-no-broker-here.sock")
    monkeypatch.setattr(health, "current_app", dead)

    response = client.get("/health/ready")

    assert (response.status_code, response.json()["checks"]["broker"]) == (503, False)


def test_a_silent_database_is_told(client, db, monkeypatch):
    def away(*args):
        raise DatabaseError

    monkeypatch.setattr(Institution.objects, "count", away)
    monkeypatch.setattr(health.connection, "close", lambda: None)

    response = client.get("/health/ready")

    assert (response.status_code, response.json()["checks"]["database"]) == (503, False)


def test_migrations_still_to_run_are_told(client, db, monkeypatch):
    monkeypatch.setattr(health, "_unapplied", lambda: True)

    assert client.get("/health/ready").status_code == 503


def test_only_those_who_may_see_the_list_are_offered_its_search(sam, amara):
    help_given = "/interventions/"

    assert 'role="search"' in signed_in(amara).get(help_given).content.decode()
    assert 'role="search"' not in signed_in(sam).get(help_given).content.decode()
