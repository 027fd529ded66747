"""The school's own rule: the default until somebody writes one, and no rule that could not be computed."""

from __future__ import annotations

import pytest

from accounts import scope
from accounts.models import AuditEntry
from modeling import rule_sets
from modeling.core.rules import Rule
from modeling.models import RuleSet
from modeling.rule_sets import RuleRefused
from tests.district_fixtures import lakeside
from tests.district_in_database import NOW

__all__ = ["lakeside"]

SOUND = {
    "feature": "absence_rate_30d",
    "op": "at_least",
    "value": "0.2",
    "points": "2",
    "words": "Missed a fifth of the last month",
    "domain": "attendance",
}


@pytest.fixture
def write(riverside, at_riverside, mika):
    return lambda *rules: rule_sets.change(institution=riverside, rules=rules, by=mika, now=NOW)


def faults_of(write, *rules):
    with pytest.raises(RuleRefused) as refused:
        write(*rules)
    return [(fault.row, fault.field) for fault in refused.value.faults], refused.value.sentences


def test_until_somebody_writes_one_the_default_is_in_force(at_riverside):
    assert {rule.domain for rule in rule_sets.in_force()} == {"attendance", "behaviour", "course performance"}
    assert "on_track" in {rule.feature for rule in rule_sets.in_force()}


def test_a_flat_cohort_brings_its_own(lakeside):
    with scope.entered(scope.of_institution(lakeside)):
        asked = {rule.feature for rule in rule_sets.in_force()}

    assert asked == {"units_approved_1st", "tuition_up_to_date"}


def test_what_was_written_last_is_in_force_there_and_nowhere_else(write, lakeside, mika):
    write(SOUND | {"points": "1"})
    write(SOUND)

    expected = Rule(**SOUND | {"value": 0.2, "points": 2.0})
    assert rule_sets.in_force() == [expected]
    with scope.entered(scope.of_institution(lakeside)):
        assert expected not in rule_sets.in_force()


def test_every_change_is_on_record(write, mika):
    write(SOUND)

    [change] = rule_sets.history()
    assert (change.by, change.at, len(change.rules)) == (mika, NOW, 1)
    assert AuditEntry.objects.get(action="rule_changed").user == mika


def test_reset_the_default_holds_again_and_both_changes_stay_on_record(write, riverside, mika):
    default = rule_sets.in_force()
    write(SOUND)

    rule_sets.reset(institution=riverside, by=mika, now=NOW)

    assert rule_sets.in_force() == default
    assert [len(change.rules) for change in rule_sets.history()] == [0, 1]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"feature": "shoe_size"}, "feature"),
        ({"feature": "gender"}, "feature"),
        ({"op": "because"}, "op"),
        ({"value": "a lot"}, "value"),
        ({"value": ""}, "value"),
        ({"value": "nan"}, "value"),
        ({"value": "1.5"}, "value"),
        ({"feature": "chronic_absence", "op": "equals", "value": "0.5"}, "value"),
        ({"feature": "grade_level", "value": "9"}, "op"),
        ({"feature": "grade_level", "op": "equals", "value": ""}, "value"),
        ({"points": "0"}, "points"),
        ({"points": "-1"}, "points"),
        ({"points": "inf"}, "points"),
        ({"points": "101"}, "points"),
        ({"words": " "}, "words"),
        ({"words": "x" * 201}, "words"),
        ({"words": "a\x00b"}, "words"),
        ({"domain": "x" * 61}, "domain"),
    ],
)
def test_what_cannot_be_computed_or_read_is_refused_and_named(write, changes, field):
    places, sentences = faults_of(write, SOUND, SOUND | changes)

    assert places == [(1, field)]
    assert sentences[0].startswith("Sign 2: ")
    assert not RuleSet.objects.exists()


def test_all_faults_are_told_at_once(write):
    places, _sentences = faults_of(write, SOUND | {"op": "", "points": ""}, SOUND | {"words": ""})

    assert places == [(0, "op"), (0, "points"), (1, "words")]


@pytest.mark.parametrize(("n", "words"), [(0, "needs at least one sign"), (21, "These are 21 signs. Use at most 20")])
def test_a_rule_has_one_sign_to_twenty(write, n, words):
    places, sentences = faults_of(write, *[SOUND] * n)

    assert places == [(None, "")]
    assert words in sentences[0]


def test_a_category_and_a_decimal_comma_are_understood(write):
    write(SOUND | {"feature": "grade_level", "op": "equals", "value": "9"}, SOUND | {"value": "0,25"})

    assert [rule.value for rule in rule_sets.in_force()] == ["9", 0.25]
