"""Who makes the list, and why: the model only where it was let, has learned enough and is better than the rule."""

from __future__ import annotations

import pytest

from accounts import scope
from accounts.models import Institution
from modeling import registry
from modeling.models import Dataset, ModelVersion
from modeling.promotion import decider, model_switch
from tests import rows
from tests.district_in_database import NOW
from tests.modeling.training_runs import WRITTEN, configure

BETTER = {"precision_at_capacity": 0.8, "capacity": 50.0, "roc_auc": 0.9}
FILE = {"booster_text": "", "specification_json": "{}", "sha256": registry.model_sha256("", "{}")}
WORSE = {"precision_at_capacity": 0.4, "capacity": 50.0, "roc_auc": 0.8}


@pytest.fixture
def newcomer(db, tmp_path, monkeypatch):
    """An institution that begins; a model needs 400 known outcomes there and must be no worse than the rule."""
    configure(monkeypatch, tmp_path, handover=WRITTEN["handover"] | {"minimum_labels": 400, "minimum_gain": 0.0})
    institution = Institution.objects.create(slug="newcomer", name="Newcomer")
    with scope.entered(scope.of_institution(institution)):
        yield institution


def champion(institution, *, n_students=400, **metrics):
    dataset = rows.sound(Dataset, institution=institution, n_students=n_students)
    figures = {"model": BETTER, "rule": WORSE} | metrics
    return rows.sound(ModelVersion, institution=institution, dataset=dataset, is_champion=True, metrics=figures, **FILE)


def decided():
    decision = decider.decision()
    return decision.kind, decision.reason, decision.shows_estimates


def test_without_a_model_the_rule_makes_the_list(newcomer):
    assert decided() == ("rule", "no_model", False)
    assert decider.decision().scores is None


@pytest.mark.parametrize(("n_students", "expected"), [(399, ("rule", "few_labels", False)), (400, ("model", "", True))])
def test_below_the_count_of_known_outcomes_the_rule_makes_the_list(newcomer, n_students, expected):
    version = champion(newcomer, n_students=n_students)

    assert decided() == expected
    assert decider.decision().scores == version


def test_a_model_that_is_no_better_at_capacity_does_not_make_the_list(newcomer):
    champion(newcomer, model=WORSE, rule=BETTER)

    assert decided() == ("rule", "not_better", False)


def test_a_model_that_could_not_be_compared_makes_the_list(newcomer):
    version = champion(newcomer)
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=False)
    dataset = version.dataset
    champion_fields = {"dataset": dataset, "is_champion": True, "metrics": {"model": WORSE}}
    rows.sound(ModelVersion, institution=newcomer, **champion_fields, **FILE)

    assert decided() == ("model", "", True)


def test_a_champion_that_is_not_what_was_registered_makes_no_list_and_scores_none(newcomer, monkeypatch):
    monkeypatch.setitem(FILE, "sha256", "0" * 64)
    champion(newcomer)

    assert (decided(), decider.decision().scores) == (("rule", "file_changed", False), None)
    # Nor where there is no rule: what cannot be read is no model.
    assert decider.decision(has_rule=False).scores is None


def test_where_there_is_no_rule_a_poor_model_is_better_than_no_list(newcomer):
    champion(newcomer, n_students=20)

    assert decider.decision(has_rule=False).kind == "model"


def test_switched_off_nothing_else_counts_and_the_model_does_not_even_score(newcomer):
    champion(newcomer)
    model_switch.turn_off(institution=newcomer, reason="Look into it", by=None, now=NOW)

    assert decided() == ("rule", "switched_off", False)
    assert decider.decision().scores is None
    assert decider.decision(has_rule=False).kind == "rule"


def test_switched_on_again_the_model_decides_where_it_may(newcomer):
    champion(newcomer)
    model_switch.turn_off(institution=newcomer, reason="Look into it", by=None, now=NOW)
    model_switch.turn_on(institution=newcomer, reason="Looked", by=None, now=NOW)

    assert decided() == ("model", "", True)


def test_a_changed_configuration_counts_at_once(newcomer, tmp_path, monkeypatch):
    champion(newcomer)
    assert decided()[0] == "model"

    changed = tmp_path / "changed"
    changed.mkdir()
    configure(monkeypatch, changed, handover=WRITTEN["handover"] | {"minimum_labels": 401})

    assert decided()[:2] == ("rule", "few_labels")


def test_another_institutions_switch_turns_nothing_off(newcomer, elsewhere):
    champion(newcomer)
    with scope.entered(scope.of_institution(elsewhere)):
        model_switch.turn_off(institution=elsewhere, reason="Theirs", by=None, now=NOW)

    assert decided()[0] == "model"
