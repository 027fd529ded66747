"""Every look at student data leaves a row; the technical log learns no name."""

import logging

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import api_keys, audit_log, scope
from accounts.models import AuditEntry
from modeling.models import ModelVersion
from predictions.models import CurrentRisk, RiskScore, ScoringRun
from tests import rows
from tests.people import signed_in

SPECIFICATION = '{"features": [], "horizon_days": 365}'


@pytest.fixture
def listed_nora(nora, riverside):
    """Nora on the published list."""
    now = timezone.now()
    with scope.entered(scope.of_institution(riverside)):
        version = rows.sound(ModelVersion, institution=riverside, specification_json=SPECIFICATION, is_champion=True)
        run = rows.sound(ScoringRun, institution=riverside, model_version=version, published_at=now)
        score = rows.sound(RiskScore, institution=riverside, run=run, student=nora)
        rows.sound(
            CurrentRisk,
            institution=riverside,
            run=run,
            student=nora,
            score=score,
            school=nora.school,
            search_name="nora quillfeather",
            tier="review_first",
            rank=1,
        )
    return nora


def entries(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(AuditEntry.objects.order_by("pk"))


@pytest.mark.parametrize(
    ("address", "action"),
    [
        ("/students/", "risk_list"),
        ("/students/?estimates=1", "risk_list_with_estimates"),
        ("/students/?q=quill", "search"),
        ("/interventions/", "interventions"),
    ],
)
def test_a_look_at_many_students_is_on_record(amara, listed_nora, address, action):
    response = signed_in(amara).get(address)

    (entry,) = entries(amara.memberships.get().institution)
    assert response.status_code == 200
    assert (entry.action, entry.user, entry.remote_address) == (action, amara, "127.0.0.1")
    assert entry.subject_ids == ([] if action == "interventions" else [listed_nora.public_id])


def test_a_look_at_one_student_is_on_record_and_shown_on_the_page(amara, ines, listed_nora, riverside):
    address = reverse("student_page", args=[listed_nora.public_id])
    signed_in(ines).get(address + "?estimates=1")

    page = signed_in(amara).get(address)

    first, second = entries(riverside)
    assert [(entry.user, entry.subject_ids) for entry in (first, second)] == [
        (ines, [listed_nora.public_id]),
        (amara, [listed_nora.public_id]),
    ]
    assert first.purpose == "estimate shown"
    assert "Ines" in page.content.decode()


def test_a_look_that_was_refused_saw_nobody(bo, listed_nora, riverside):
    response = signed_in(bo).get(reverse("student_page", args=[listed_nora.public_id]))

    assert response.status_code == 404
    assert entries(riverside) == []


def test_an_answer_of_the_api_is_on_record_with_its_purpose(listed_nora, riverside):
    client, key = api_keys.issue(
        institution=riverside, name="SIS", purpose="nightly copy", scopes=["read_risk"], by=None, now=timezone.now()
    )

    response = Client().get(
        reverse("api_student_risk", args=[listed_nora.public_id]), headers={"Authorization": f"Api-Key {key}"}
    )

    (entry,) = entries(riverside)
    assert response.status_code == 200
    assert (entry.action, entry.api_client, entry.purpose) == ("api_student_risk", client, "nightly copy")
    assert entry.subject_ids == [listed_nora.public_id]


def test_a_deed_that_is_undone_leaves_no_entry(riverside):
    def done_in_vain():
        audit_log.record(action="upload", by=None, now=timezone.now())
        raise RuntimeError

    with pytest.raises(RuntimeError), scope.entered(scope.of_institution(riverside)):
        done_in_vain()

    assert entries(riverside) == []


def test_only_looks_at_the_page_are_told_and_only_the_newest(amara, nora, hugo, at_riverside):
    for minute in range(3):
        at = timezone.now().replace(minute=minute)
        audit_log.record(action="student_page", by=amara, now=at, subjects=[nora.public_id])
    audit_log.record(action="student_page", by=amara, now=timezone.now(), subjects=[hugo.public_id])
    audit_log.record(action="search", by=amara, now=timezone.now(), subjects=[nora.public_id])

    looks = audit_log.looks_at(nora.public_id, limit=2)

    assert [look.at.minute for look in looks] == [2, 1]


def test_the_technical_log_learns_no_name(amara, listed_nora, caplog):
    caplog.set_level(logging.INFO)
    browser = signed_in(amara)

    for address in ("/students/", "/students/?q=quillfeather", f"/students/{listed_nora.public_id}/", "/students/x"):
        browser.get(address)

    said = "\n".join(record.getMessage() for record in caplog.records)
    assert "Not Found: /students/x" in said
    assert not any(word in said.lower() for word in ("nora", "quillfeather", listed_nora.external_id, amara.email))
