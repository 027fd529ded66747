"""The command promotes through the same gate as the page, by a named member, and goes back."""

import json

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from accounts import scope
from modeling import registry
from modeling.promotion import promotion_gate


@pytest.fixture
def told(capsys, riverside):
    """Run the command at Riverside and return its last line, read."""

    def run(*arguments):
        call_command("promote_model", *arguments, institution="riverside", json=True)
        return json.loads(capsys.readouterr().out.splitlines()[-1])

    return run


def deciding(institution):
    with scope.entered(scope.of_institution(institution)):
        return registry.champion().number


def test_a_member_promotes_and_goes_back(told, riverside, mika):
    promoted = told("--number=2", f"--by={mika.email}", "--reason=Tried out.")
    was = deciding(riverside)
    back = told("--rollback", f"--by={mika.email}")

    assert (promoted["champion"], promoted["previous"], promoted["kind"]) == ("model 2", "model 1", "promoted")
    assert {check["check"] for check in promoted["gate"]} >= {"lift", "churn"}
    assert (was, deciding(riverside)) == (2, 1)
    assert (back["champion"], back["kind"]) == ("model 1", "rolled_back")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--number=2"], "Name a member with --by"),
        (["--number=2", "--by=amara@riverside.example"], "no member of this institution who may promote"),
        (["--number=2", "--by=nobody@nowhere.example"], "no member of this institution who may promote"),
        (["--number=9", "--by=mika@riverside.example"], "There is no model 9"),
        (["--number=1", "--by=mika@riverside.example"], "Model 1 decides already"),
        (["--rollback", "--by=mika@riverside.example"], "No other model decided before"),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(told, riverside, mika, amara, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        told(*arguments)

    assert deciding(riverside) == 1


def test_a_failed_check_is_told_and_asks_for_a_reason(told, riverside, mika, monkeypatch):
    against = [{"check": "lift", "value": 0.5, "limit": 1, "passed": False, "sentence": "The rule is better."}]
    monkeypatch.setattr(promotion_gate, "gate", lambda version, **_: against)

    with pytest.raises(CommandError, match=r"The rule is better. Say why with --reason."):
        told("--number=2", f"--by={mika.email}")

    assert told("--number=2", f"--by={mika.email}", "--reason=The rule changed.")["champion"] == "model 2"


def test_a_person_whose_membership_ended_is_refused(told, riverside, mika):
    mika.memberships.update(starts_on="2020-01-01", ends_on="2020-06-30")

    with pytest.raises(CommandError, match="no member of this institution"):
        told("--number=2", f"--by={mika.email}")
