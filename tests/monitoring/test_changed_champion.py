"""A champion whose stored bytes changed: the rule makes the list; page, row, command and API say why."""

import datetime as dt
import json

import pytest
from django.core.management import call_command
from django.urls import reverse

from modeling import registry
from predictions import answering
from predictions.models import ScoringRun
from tests.modeling import stored_models

CHANGED = "is not, byte for byte, what was registered"


@pytest.fixture(params=stored_models.HALVES)
def changed(request, at_riverside):
    """The champion of Riverside, one byte of which was changed."""
    version = registry.champion()
    stored_models.forget()
    with stored_models.rewriting(version) as change:
        change(request.param, getattr(version, request.param)[1:])
        yield version
    stored_models.forget()


def test_the_command_makes_the_list_by_the_rule_and_says_why(changed, capsys):
    call_command("score_students", institution="riverside", json=True)

    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["decided_by"], answer["why_rule"]) == ("rule", "file_changed")
    run = ScoringRun.objects.order_by("-pk").first()
    assert (run.why_rule, run.model_version) == ("file_changed", None)


def test_the_model_page_says_it(changed, client, mika):
    client.force_login(mika)

    page = client.get(reverse("models"))

    assert page.status_code == 200
    assert CHANGED in page.content.decode()


def test_a_champion_that_changes_between_look_and_answer_leaves_the_answer_to_the_rule(at_riverside):
    version = registry.champion()
    stored_models.forget()
    asked = answering.answerer()
    assert asked.version == version
    with stored_models.rewriting(version) as change:
        change("booster_text", version.booster_text[1:])

        answer = asked.answer(as_of=dt.date(2026, 1, 12), values={"absence_rate_year": 0.4})

    stored_models.forget()
    assert (answer["decided_by"], answer["why_rule"], answer["probability"]) == ("rule", "file_changed", None)
