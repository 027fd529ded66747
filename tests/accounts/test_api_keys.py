"""API keys: shown once, kept as a hash, ended by time or by hand."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts import api_keys
from accounts.models import ApiClient

NOW = dt.datetime(2025, 3, 3, 12, tzinfo=dt.UTC)


@pytest.fixture
def issued(riverside, ines):
    return api_keys.issue(
        institution=riverside, name="SIS", purpose=" nightly copy ", scopes=["predict"], by=ines, now=NOW
    )


def test_a_key_leads_to_its_client(issued):
    client, key = issued

    assert api_keys.client_of(key, now=NOW) == client
    assert (client.purpose, client.scopes) == ("nightly copy", ["predict"])


def test_the_key_itself_is_kept_nowhere(issued):
    client, key = issued

    kept = ApiClient.objects.filter(pk=client.pk).values().get()

    assert key not in str(kept)
    assert key.startswith(kept["prefix"])
    assert len(kept["prefix"]) < len(key) / 4


def test_no_two_keys_are_alike(riverside):
    keys = {
        api_keys.issue(institution=riverside, name="SIS", purpose="copy", scopes=[], by=None, now=NOW)[1]
        for _ in range(5)
    }

    assert len(keys) == 5


@pytest.mark.parametrize("wrong", ["", "dp_", "dp_unknown", "nightly copy"])
def test_an_unknown_key_leads_nowhere(issued, wrong):
    assert api_keys.client_of(wrong, now=NOW) is None


def test_the_hash_is_no_key(issued):
    client, _key = issued

    assert api_keys.client_of(client.key_sha256, now=NOW) is None


def test_a_key_ends_with_its_time(issued):
    client, key = issued

    assert api_keys.client_of(key, now=client.expires_at - dt.timedelta(seconds=1)) == client
    assert api_keys.client_of(key, now=client.expires_at) is None


def test_a_revoked_key_ends_at_once_and_keeps_the_first_day_it_did(issued, ines):
    client, key = issued

    api_keys.revoke(client=client, by=ines, now=NOW)
    api_keys.revoke(client=client, by=ines, now=NOW + dt.timedelta(days=1))

    assert api_keys.client_of(key, now=NOW) is None
    assert ApiClient.objects.get().revoked_at == NOW


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [({"purpose": "  "}, "Say what the key is for"), ({"lasts": dt.timedelta(days=367)}, "a year at most")],
)
def test_a_key_without_purpose_or_end_is_refused(riverside, asked, sentence):
    with pytest.raises(api_keys.KeyRefused, match=sentence):
        api_keys.issue(
            **{"institution": riverside, "name": "SIS", "purpose": "copy", "scopes": [], "by": None, "now": NOW} | asked
        )
    assert not ApiClient.objects.exists()


@pytest.mark.parametrize("scheme", ["Api-Key", "api-key", "API-KEY"])
def test_the_api_takes_a_key_whatever_the_case_of_its_scheme(client, riverside, scheme):
    _client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="copy", scopes=["predict"], by=None, now=timezone.now()
    )

    response = client.get("/api/models/current", headers={"Authorization": f"{scheme} {key}"})

    assert response.status_code == 503


@pytest.mark.parametrize("header", ["", "Api-Key", "Api-Key ", "Bearer {key}", "{key}", "Api-Key {key}x"])
def test_the_api_takes_nothing_else(client, riverside, header):
    _client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="copy", scopes=["predict"], by=None, now=timezone.now()
    )

    response = client.get(f"/api/models/current?key={key}", headers={"Authorization": header.format(key=key)})

    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Api-Key"
    assert response["Content-Type"] == "application/problem+json"


def test_a_signed_in_person_is_a_stranger_to_the_api(mika):
    from tests.people import signed_in

    assert signed_in(mika).get("/api/models/current").status_code == 401


def test_a_key_does_only_what_it_was_made_for(client, riverside):
    _client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="copy", scopes=["read_risk"], by=None, now=timezone.now()
    )

    assert client.get("/api/models/current", headers={"Authorization": f"Api-Key {key}"}).status_code == 403
