"""A first model decides by itself only where no check speaks against it; else it waits, and everybody is told why."""

import json
import re

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts import people, scope
from accounts.models import Institution, Role
from modeling import registry
from modeling.models import Dataset, ModelVersion, Promotion
from modeling.promotion import decider, promotion, promotion_gate
from tests import rows
from tests.district_in_database import NOW
from tests.predictions.pages import text_of
from tests.students.shared_cases import case

MODEL = {"precision_at_capacity": 0.8, "capacity": 50.0, "roc_auc": 0.9, "ece": 0.01}
RULE = {"precision_at_capacity": 0.4, "capacity": 50.0, "roc_auc": 0.6}
LEAK = [{"feature": "exit_survey", "roc_auc": 1.0}]
GAP = {"attribute": "gender", "measure": "recall_at_capacity", "gap": None, "between": []}


@pytest.fixture
def college(db):
    """An institution without a model, entered."""
    institution = Institution.objects.create(slug="college", name="College", requires_second_factor=False)
    with scope.entered(scope.of_institution(institution)):
        yield institution


@pytest.fixture
def olga(college):
    """Who answers for the college's models."""
    who = {"email": "olga@college.example", "display_name": "Olga", "password": "secret-of-olga"}
    return people.add_person(**who, institution=college, role=Role.MODEL_OWNER, now=NOW)


def trained(institution, *, n_students=1000, suspicious=(), verdict="no_gap", gap=None, **figures):
    """Register a version as the end of a training does."""
    dataset = rows.sound(Dataset, institution=institution, n_students=n_students)
    made = {"booster_text": "", "specification_json": '{"features": []}', "threshold": 0.5, "seed": 1}
    metrics = {"model": MODEL | figures, "rule": RULE}
    evaluation = {"suspicious": list(suspicious), "gaps": [GAP | {"verdict": verdict, "gap": gap}]}
    judged = {"metrics": metrics, "evaluation": evaluation}
    return registry.register(institution=institution, by=None, now=NOW, dataset=dataset, **made, **judged)


def decided():
    return decider.decision().kind, decider.decision().reason


def let(version, *, by, reason=""):
    gate = promotion_gate.gate(version, champion=None, churn_share=None)
    return promotion.promote(version=version, by=by, now=NOW, gate=gate, reason=reason)


def test_a_first_version_that_passes_every_check_decides_and_keeps_its_checks(college):
    version = trained(college)

    assert registry.champion() == version
    assert decided() == ("model", "")
    assert {check["check"] for check in Promotion.objects.get().gate} >= {"labels", "calibration", "suspicious"}


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ({"suspicious": LEAK}, "outcome in disguise: exit_survey"),
        ({"ece": 0.2}, "off by 20 in 100"),
        ({"verdict": "gap", "gap": 0.4}, "finds 40 in 100 fewer"),
        ({"verdict": "too_few"}, "too small to tell"),
        ({"n_students": 90}, "learned from 90 students"),
        ({"precision_at_capacity": 0.3}, "the school's rule for 40%"),
    ],
)
def test_a_first_version_with_a_failed_or_open_check_waits_as_a_later_one(college, how, says):
    first, second = trained(college, **how), trained(college, **how)

    assert (first.is_champion, second.is_champion, second.is_challenger) == (False, False, True)
    assert decided() == ("rule", "waits")
    assert decider.decision(has_rule=False).kind == "rule"
    [sentence] = promotion_gate.unresolved(promotion_gate.gate(second, champion=None, churn_share=None))
    assert says in sentence


def test_a_later_version_that_passes_decides_where_none_does_yet(college):
    trained(college, suspicious=LEAK)

    assert trained(college).is_champion
    assert not trained(college).is_champion


def test_a_person_may_let_the_one_that_waits_decide_with_a_reason(college, olga):
    version = trained(college, suspicious=LEAK)

    with pytest.raises(promotion.GateFailed):
        let(version, by=olga)
    let(version, by=olga, reason="The survey goes out before anybody leaves.")

    assert decided() == ("model", "")


@pytest.mark.parametrize("how", [{"n_students": 90}, {"precision_at_capacity": 0.1}])
def test_what_a_person_overrules_does_not_hand_the_list_back_to_the_rule(college, olga, how):
    version = trained(college, **how)

    let(version, by=olga, reason="We looked at each name.")

    assert decided() == ("model", "")


def test_the_model_page_says_why_it_waits_and_what_to_do(college, olga, client):
    trained(college, n_students=90)
    client.force_login(olga)

    page = client.get(reverse("models")).content.decode()

    assert "It learned from 90 students with a known outcome." in text_of(page)
    assert "Mend the records and train again, or let it decide" in text_of(page)
    assert reverse("promotion_page", args=[1]) in page


def test_the_one_that_waits_is_let_decide_on_its_page(college, olga, client):
    trained(college, n_students=90)
    client.force_login(olga)
    address = reverse("promotion_page", args=[1])
    assert 'name="instead_of" value="0"' in client.get(address).content.decode()

    refused = client.post(address, {"instead_of": "0", "reason": ""})
    client.post(address, {"instead_of": "0", "reason": "We looked at each name."})

    assert refused.status_code == 422
    assert decided() == ("model", "")


def test_a_column_that_gives_the_outcome_away_does_not_make_the_first_list(college, capsys):
    leak = case("case_19_leak.csv")
    call_command("import_records", str(leak), institution="college", schema=leak.with_suffix(".yaml"))
    call_command("train_model", institution="college")
    told = capsys.readouterr().out

    assert "waits for a person" in told
    assert re.search(r"outcome in disguise: [^.]*Exit survey sent", told)
    call_command("score_students", institution="college", json=True)
    answer = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (answer["decided_by"], answer["why_rule"]) == ("rule", "waits")
    assert [version.is_champion for version in ModelVersion.objects.all()] == [False]
