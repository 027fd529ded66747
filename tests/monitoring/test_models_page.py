"""The page of the models: what decides the list and why, what would change it, and how it came to be so."""

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from modeling.models import ModelVersion, TrainingRun
from modeling.promotion import model_switch, promotion
from predictions.models import CurrentRisk
from tests.people import SINCE, signed_in
from tests.predictions.pages import text_of


@pytest.fixture
def auditor(riverside, mika):
    mika.memberships.update(role="auditor")
    return mika


@pytest.fixture
def promoted(riverside, mika):
    """Model 2 was let decide, against a check."""
    against = [{"check": "lift", "value": 0.5, "limit": 1, "passed": False, "sentence": "The rule is better."}]
    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.get(number=2)
        promotion.promote(version=version, by=mika, now=timezone.now(), gate=against, reason="The rule has changed.")


def deciding(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True))


def test_the_champion_stands_beside_the_plain_formula_and_the_rule(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.select_related("dataset").get(is_champion=True)

    page = signed_in(mika).get("/model/").content.decode()

    for who in ("model", "logistic", "rule"):
        assert f">{version.metrics[who]['roc_auc']:.3f}<" in page
    assert f"Judged on {version.metrics['split']['n_test']} snapshots from" in text_of(page)
    assert 'href="/model/1/"' in page


def test_what_decides_is_said_first_and_why(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        model_switch.turn_off(institution=riverside, reason="Records are broken.", by=mika, now=timezone.now())

    words = text_of(signed_in(mika).get("/model/").content.decode())

    assert "The school's own rule makes the list." in words
    assert "The model was switched off by Mika" in words
    assert "Records are broken." in words


def test_the_version_that_waits_leads_to_who_would_change(mika, riverside):
    page = signed_in(mika).get("/model/").content.decode()

    assert "Model 2 waits to be let decide" in page
    assert 'href="/model/2/promote"' in page


def test_every_list_and_training_is_shown(mika, riverside):
    page = signed_in(mika).get("/model/").content.decode()

    with scope.entered(scope.of_institution(riverside)):
        trainings = list(TrainingRun.objects.values_list("public_id", flat=True))
    assert len(trainings) == 2
    assert all(f"/model/trainings/{public_id}/" in page for public_id in trainings)
    assert page.count("From records up to") == 3


@pytest.mark.parametrize(
    ("person", "status"), [("mika", 200), ("ines", 200), ("amara", 403), ("bo", 403), ("sam", 403)]
)
def test_only_those_who_answer_for_models_see_the_page(request, riverside, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/model/").status_code == status


def test_an_auditor_looks_on_and_may_change_nothing(auditor, riverside, promoted):
    browser = signed_in(auditor)

    page = browser.get("/model/").content.decode()

    assert "Model 2" in page
    assert "<form" not in page.partition("<main")[2]
    for address in ("/model/2/promote", "/model/2/changes", "/model/back", "/model/train"):
        assert browser.post(address).status_code == 403
    assert deciding(riverside) == [2]


def test_history_says_who_let_which_decide_and_why(mika, riverside, promoted):
    words = text_of(signed_in(mika).get("/model/").content.decode())

    assert "Model 2 was let decide. 1 check spoke against it. “The rule has changed.”" in words
    assert "Model 1, the first, decided." in words


def test_one_click_goes_back_and_asks_for_a_list(mika, riverside, promoted):
    browser = signed_in(mika)
    assert 'action="/model/back"' in browser.get("/model/").content.decode()

    page = browser.post("/model/back", {"instead_of": 2}, follow=True).content.decode()

    assert "Model 1 decides again. A new list is being made." in page
    assert "Back to model 1." in page
    assert 'action="/model/back"' not in page
    assert deciding(riverside) == [1]
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.get(action="model_rolled_back").user == mika


def test_a_click_on_a_page_left_open_goes_back_no_further(mika, riverside, promoted):
    browser = signed_in(mika)
    browser.post("/model/back", {"instead_of": 2})

    page = browser.post("/model/back", {"instead_of": 2}, follow=True).content.decode()

    assert "Meanwhile model 1 was let decide. Look again." in page
    assert deciding(riverside) == [1]


def test_there_is_nothing_to_go_back_to_at_first(mika, riverside):
    browser = signed_in(mika)

    assert 'action="/model/back"' not in browser.get("/model/").content.decode()
    assert "No other model decided before this one." in browser.post("/model/back", follow=True).content.decode()


def test_the_list_stays_as_it_is_until_the_next_one(mika, riverside, promoted):
    with scope.entered(scope.of_institution(riverside)):
        runs = set(CurrentRisk.objects.values_list("run__model_version__number", flat=True))

    assert runs == {1}


def test_otto_sees_nothing_of_riversides(otto, riverside):
    otto.memberships.update(role="model_owner", starts_on=SINCE)
    browser = signed_in(otto)

    words = text_of(browser.get("/model/").content.decode())

    assert "The school's own rule makes the list. There is no model yet." in words
    assert "Train one on past students." in words
    browser.post("/model/back", {"instead_of": 1})
    assert deciding(riverside) == [1]


def test_an_administrator_is_told_where_to_make_a_model_owner_while_there_is_none(ines, mika, riverside):
    with_owner = signed_in(ines).get("/model/").content.decode()
    mika.memberships.update(role="auditor")

    without = signed_in(ines).get("/model/").content.decode()
    to_the_auditor = signed_in(mika).get("/model/").content.decode()

    assert "Make somebody model owner" in without
    assert "Make somebody model owner" not in with_owner + to_the_auditor
