"""The door: who comes in, who does not, and what it gives away."""

import pytest
from django.contrib.auth import get_user
from django.test import Client

from accounts.models import User
from tests.people import PASSWORD, signed_in


def try_to(browser, login="amara@riverside.example", password=PASSWORD, **form):
    return browser.post("/login/", {"username": login, "password": password} | form)


def test_the_right_password_leads_to_where_work_begins(client, amara):
    response = try_to(client)

    assert (response.status_code, response["Location"]) == (302, "/")
    assert get_user(client) == amara


@pytest.mark.parametrize("login", ["AMARA@riverside.example", " amara@riverside.example "])
def test_the_address_may_be_typed_as_people_type(client, amara, login):
    assert try_to(client, login).status_code == 302


def test_one_is_led_to_the_page_one_asked_for(client, amara):
    assert try_to(client, next="/interventions/")["Location"] == "/interventions/"


def test_nobody_is_led_to_another_site(client, amara):
    assert try_to(client, next="https://evil.example/")["Location"] == "/"


def test_a_wrong_password_tells_nothing_of_who_exists(client, amara):
    known = try_to(client, password="wrong")
    unknown = try_to(Client(), login="nobody@riverside.example", password="wrong")

    assert known.status_code == unknown.status_code == 422
    assert not get_user(client).is_authenticated
    errors = [response.context["form"].non_field_errors() for response in (known, unknown)]
    assert errors[0] == errors[1]
    assert errors[0]


def test_whoever_is_locked_out_looks_like_a_stranger(client, amara):
    wrong = try_to(client, password="wrong")
    User.objects.update(is_active=False)

    locked_out = try_to(client)

    assert locked_out.status_code == 422
    assert locked_out.context["form"].non_field_errors() == wrong.context["form"].non_field_errors()


def test_without_a_password_nobody_comes_in(client, amara):
    User.objects.filter(pk=amara.pk).update(password="!")

    assert [try_to(client, password=typed).status_code for typed in ("", "!", PASSWORD)] == [422, 422, 422]


def test_signing_in_changes_the_session(client, amara):
    client.get("/login/")
    client.session.save()
    before = client.session.session_key

    try_to(client)

    assert client.session.session_key != before


def test_signing_out_ends_the_session_and_empties_the_browser(amara):
    browser = signed_in(amara)
    stolen = Client()
    stolen.cookies["sessionid"] = browser.cookies["sessionid"].value

    response = browser.post("/logout/")

    assert response["Location"] == "/login/"
    assert response["Clear-Site-Data"] == '"cache", "storage"'
    assert [each.get("/students/").status_code for each in (browser, stolen)] == [302, 302]


def test_a_link_signs_nobody_out(amara):
    browser = signed_in(amara)

    assert browser.get("/logout/").status_code == 405
    assert browser.get("/students/").status_code == 200


def test_a_partial_that_meets_an_expired_session_reloads_the_page(client, db):
    response = client.get("/login/?next=/students/", headers={"HX-Request": "true"})

    assert response["HX-Refresh"] == "true"
    assert response.content == b""


def test_whoever_is_inside_is_not_asked_again(amara):
    assert signed_in(amara).get("/login/")["Location"] == "/"


def test_the_demos_logins_are_shown_in_the_demo_alone(client, db, settings, tmp_path):
    (tmp_path / "demo.json").write_text('{"users": {"a": {"role": "R", "login": "a@b.example", "password": "pw-pw"}}}')
    settings.VAR_DIR = tmp_path

    elsewhere = client.get("/login/").content
    settings.DEMO = True
    demo = client.get("/login/").content

    assert b"pw-pw" not in elsewhere
    assert b"pw-pw" in demo
