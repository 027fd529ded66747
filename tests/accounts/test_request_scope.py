"""A request is one transaction in one person's scope; what fails leaves nothing behind."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from predictions.views import student_page
from students.models import Intervention, Student
from tests.people import signed_in


def help_for(student):
    form = {"kind": "mentor", "started_on": dt.date(2025, 3, 3).isoformat(), "goal": "Talk"}
    return reverse("record_intervention", args=[student.public_id]), form


def written(institution):
    with scope.entered(scope.of_institution(institution)):
        return Intervention.objects.count(), AuditEntry.objects.count()


def test_a_view_that_fails_undoes_what_it_wrote(amara, nora, riverside, monkeypatch):
    browser = Client(raise_request_exception=False)
    browser.force_login(amara)
    monkeypatch.setattr(student_page, "redirect", lambda *args, **kwargs: 1 / 0)

    response = browser.post(*help_for(nora))

    assert response.status_code == 500
    assert written(riverside) == (0, 0)


def test_a_failure_shows_one_fixed_sentence(amara, nora, monkeypatch):
    browser = Client(raise_request_exception=False)
    browser.force_login(amara)

    def fails(*args, **kwargs):
        raise RuntimeError("Nora Quillfeather")

    monkeypatch.setattr(student_page, "redirect", fails)

    response = browser.post(*help_for(nora))

    assert "Something broke on our side." in response.content.decode()
    assert "Quillfeather" not in response.content.decode()


def test_the_scope_ends_with_the_request(amara, nora):
    signed_in(amara).get(reverse("risk_list"))

    with pytest.raises(scope.ScopeMissing):
        Student.objects.all()
    assert not Student._base_manager.exists()


def test_a_request_is_answered_in_the_time_of_the_institution(amara, nora, monkeypatch):
    seen = []
    monkeypatch.setattr(student_page.pages, "page", lambda **given: seen.append(timezone.get_current_timezone_name()))

    with pytest.raises(TypeError):
        signed_in(amara).get(reverse("student_page", args=[nora.public_id]))

    assert seen == ["America/New_York"]
    assert timezone.get_current_timezone_name() == "UTC"
