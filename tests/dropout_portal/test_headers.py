"""Every answer carries the headers that keep browsers and caches from helping an attacker."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys
from tests.people import PASSWORD, signed_in

OPEN_PAGES = [
    "/login/",
    "/welcome/018f0000-0000-7000-8000-000000000000/a-b/",
    "/health/live",
    "/nowhere/",
    "/card/nowhere/",
]
OPEN_PAGES += ["/api/nowhere", "/api/predict", "/api/schema/", "/api/docs/"]
PAGES_OF = {
    "ines": ["/", "/students/", "/interventions/", "/records/", "/students/?q=nora", "/model/", "/people/"],
    "mika": ["/model/", "/model/drift/", "/model/data/", "/card/riverside/", "/records/"],
    "amara": ["/students/", "/nowhere/", "/students/018f0000-0000-7000-8000-000000000000/"],
}
ANSWERS = [(None, address) for address in OPEN_PAGES] + [(who, each) for who, them in PAGES_OF.items() for each in them]


@pytest.fixture
def answered(request, db):
    """The answer to a person's request, or a stranger's."""

    def ask(who, address, **headers):
        browser = signed_in(request.getfixturevalue(who)) if who else Client()
        return browser.get(address, headers=headers)

    return ask


def policy(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: sources for name, *sources in parts}


@pytest.mark.parametrize(("who", "address"), ANSWERS)
def test_only_our_own_files_run_and_nothing_inline(answered, who, address):
    rules = policy(answered(who, address))

    assert rules["default-src"] == rules["script-src"] == rules["style-src"] == ["'self'"]
    assert rules["object-src"] == rules["base-uri"] == rules["frame-ancestors"] == ["'none'"]
    assert rules["form-action"] == ["'self'"]
    assert not any(word in str(rules) for word in ("unsafe", "nonce", "*", "http"))


@pytest.mark.parametrize(("who", "address"), ANSWERS)
def test_no_answer_is_framed_guessed_at_or_told_to_others(answered, who, address):
    response = answered(who, address)

    assert response["X-Frame-Options"] == "DENY"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"


@pytest.mark.parametrize(("who", "address"), [pair for pair in ANSWERS if pair[0]])
def test_what_a_signed_in_person_sees_is_kept_nowhere(answered, who, address):
    assert "no-store" in answered(who, address)["Cache-Control"]


@pytest.mark.parametrize("address", ["/students/", "/records/", "/model/"])
def test_a_partial_carries_the_same_headers(answered, address):
    response = answered("ines", address, **{"HX-Request": "true"})

    assert policy(response)["script-src"] == ["'self'"]
    assert "no-store" in response["Cache-Control"]


def test_an_answer_of_the_api_is_kept_nowhere(client, riverside):
    _client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="copy", scopes=["read_risk"], by=None, now=timezone.now()
    )
    nobody = reverse("api_student_risk", args=["018f0000-0000-7000-8000-000000000000"])

    response = client.get(nobody, headers={"Authorization": f"Api-Key {key}"})

    assert (response.status_code, response["Cache-Control"]) == (404, "no-store")


def test_a_form_without_its_token_is_refused(ines):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(ines)

    assert browser.post("/records/", {}).status_code == 403


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example"])
def test_another_host_name_is_refused(client, host):
    assert client.get("/login/", headers={"Host": host}).status_code == 400


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client, amara):
    client.post("/login/", {"username": amara.email, "password": PASSWORD})

    session = client.cookies["sessionid"]
    assert (session["httponly"], session["samesite"]) == (True, "Lax")
