"""Who may ask the API: a key, in force, made for what is asked, not more often than agreed."""

import datetime as dt
import uuid

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from accounts import api_keys, scope
from accounts.models import AuditEntry
from predictions.api.authentication import ApiKeyThrottle
from predictions.models import CurrentRisk

ASKED = ("/api/models/current", f"/api/students/{uuid.uuid4()}/risk")


def with_header(value):
    return Client(headers={"Authorization": value} if value else {})


def problem(response, status):
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    return response.json()["detail"]


@pytest.fixture
def somebody(riverside):
    with scope.entered(scope.of_institution(riverside)):
        return CurrentRisk.objects.select_related("student").exclude(rank=None).order_by("rank")[4]


@pytest.mark.parametrize("header", ["", "Api-Key", "Api-Key ", "Api-Key dp_wrong", "Bearer dp_wrong", "Basic eDp5"])
def test_without_a_good_key_nothing_is_told(riverside, header):
    for path in ASKED:
        response = with_header(header).get(path)

        assert problem(response, 401)
        assert response["WWW-Authenticate"] == "Api-Key"


@pytest.mark.parametrize("fault", ["expired", "revoked", "other letters"])
def test_a_key_that_no_longer_holds_is_told_so(district_client, fault):
    key, now = district_client.key, timezone.now()
    if fault == "expired":
        type(district_client.client).objects.update(expires_at=now - dt.timedelta(seconds=1))
    elif fault == "revoked":
        api_keys.revoke(client=district_client.client, by=None, now=now)
    else:
        key = key.swapcase()

    assert "unknown, expired or revoked" in problem(with_header(f"Api-Key {key}").get(ASKED[0]), 401)


@pytest.mark.parametrize(
    ("scopes", "statuses"),
    [(["predict"], [200, 403]), (["read_risk"], [403, 404]), ([], [403, 403]), (["predict", "read_risk"], [200, 404])],
)
def test_a_key_does_only_what_it_was_made_for(client_of, riverside, scopes, statuses):
    asking = client_of(riverside, scopes=scopes)

    answers = [asking.get(path) for path in ASKED]

    assert [answer.status_code for answer in answers] == statuses
    assert all("was not made for that" in problem(answer, 403) for answer in answers if answer.status_code == 403)


def test_a_score_is_told_as_published_and_the_look_is_on_record(district_client, somebody, riverside):
    answer = district_client.get(f"/api/students/{somebody.student.public_id}/risk").json()

    assert (answer["probability"], answer["tier"]) == (round(somebody.risk, 4), somebody.tier)
    assert answer["as_of"] == "2026-03-20"
    with scope.entered(scope.of_institution(riverside)):
        entry = AuditEntry.objects.get(action="api_student_risk")
    assert (entry.api_client, entry.purpose) == (district_client.client, "Plan tutoring")
    assert entry.subject_ids == [somebody.student.public_id]


def test_a_student_of_another_institution_is_answered_like_nobody(client_of, lakeside, somebody, ella):
    asking = client_of(lakeside)
    strangers = (somebody.student.public_id, ella.public_id, uuid.uuid4())

    answers = [asking.get(f"/api/students/{public_id}/risk") for public_id in strangers]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1


def test_who_asks_too_often_is_told_when_to_come_back(district_client, client_of, riverside, monkeypatch):
    cache.clear()
    monkeypatch.setattr(ApiKeyThrottle, "rate", "2/min", raising=False)

    answers = [district_client.get(ASKED[0]) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "throttled" in problem(answers[2], 429)
    assert 0 < int(answers[2]["Retry-After"]) <= 60
    assert client_of(riverside).get(ASKED[0]).status_code == 200
