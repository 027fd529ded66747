"""The switch: every turn has a reason and is on record, and turning it twice the same way is refused."""

from __future__ import annotations

import pytest

from accounts import scope
from accounts.models import AuditEntry
from modeling.models import ModelSwitch
from modeling.promotion import model_switch
from modeling.promotion.model_switch import SwitchRefused
from tests.district_in_database import NOW


@pytest.fixture
def turn(elsewhere, otto):
    """Turn the switch of an institution, as its administrator."""
    with scope.entered(scope.of_institution(elsewhere)):
        yield lambda way, reason="Too many surprises": way(institution=elsewhere, reason=reason, by=otto, now=NOW)


def test_nobody_ever_turned_it_and_it_is_on(turn):
    assert model_switch.is_on()
    assert model_switch.newest_switch() is None


def test_each_turn_is_kept_with_who_and_why_and_the_newest_holds(turn, otto):
    turn(model_switch.turn_off)
    assert not model_switch.is_on()
    turn(model_switch.turn_on, "  We looked\ninto it ")

    assert model_switch.is_on()
    newest, first = ModelSwitch.objects.all()
    assert (newest.is_on, newest.reason, newest.by) == (True, "We looked into it", otto)
    assert (first.is_on, first.reason, first.by) == (False, "Too many surprises", otto)


def test_each_turn_is_in_the_audit_log(turn, otto):
    turn(model_switch.turn_off)

    entry = AuditEntry.objects.get(action="model_switched_off")
    assert (entry.user, entry.purpose) == (otto, "Too many surprises")


@pytest.mark.parametrize(
    ("reason", "words"), [("", "Say why."), (" \n", "Say why."), ("x" * 501, "has 501 letters. Use at most 500")]
)
def test_without_a_reason_to_read_it_is_not_turned(turn, reason, words):
    with pytest.raises(SwitchRefused, match=words):
        turn(model_switch.turn_off, reason)

    assert model_switch.is_on()


def test_the_second_to_turn_it_the_same_way_is_told_so(turn):
    with pytest.raises(SwitchRefused, match="switched on already"):
        turn(model_switch.turn_on)
    turn(model_switch.turn_off)
    with pytest.raises(SwitchRefused, match="switched off already"):
        turn(model_switch.turn_off)
