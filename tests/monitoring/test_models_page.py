"""The page of the models: which one decides, beside the plain formula and the rule, and how another comes to decide."""

import pytest

from accounts import scope
from accounts.models import AuditEntry
from modeling.models import ModelVersion, TrainingRun
from predictions.models import CurrentRisk
from tests.people import SINCE, signed_in
from tests.predictions.pages import text_of


@pytest.fixture
def auditor(riverside, mika):
    mika.memberships.update(role="auditor")
    return mika


def deciding(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True))


def test_the_champion_stands_beside_the_plain_formula_and_the_rule(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        version = ModelVersion.objects.select_related("dataset").get(is_champion=True)

    page = signed_in(mika).get("/model/").content.decode()

    assert "Model 1 decides the list." in page
    for who in ("model", "logistic", "rule"):
        assert f">{version.metrics[who]['roc_auc']:.3f}<" in page
    assert version.dataset.content_sha256[:12] in page
    assert f"Judged on {version.metrics['split']['n_test']} snapshots from" in text_of(page)


def test_every_list_and_training_is_shown(mika, riverside):
    page = signed_in(mika).get("/model/").content.decode()

    with scope.entered(scope.of_institution(riverside)):
        trainings = list(TrainingRun.objects.values_list("public_id", flat=True))
    assert len(trainings) == 2
    assert all(f"/model/trainings/{public_id}/" in page for public_id in trainings)
    assert page.count("From records up to") == 3


@pytest.mark.parametrize(("person", "status"), [("mika", 200), ("amara", 403), ("ines", 403), ("sam", 403)])
def test_only_those_who_answer_for_models_see_the_page(request, riverside, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/model/").status_code == status


def test_an_auditor_looks_on_and_may_change_nothing(auditor, riverside):
    browser = signed_in(auditor)

    page = browser.get("/model/").content.decode()

    assert "Model 1 decides the list." in page
    assert "<form" not in page.partition("<main")[2]
    assert browser.post("/model/2/promote").status_code == 403
    assert browser.post("/model/train").status_code == 403
    assert deciding(riverside) == [1]


def test_another_model_is_let_decide_by_a_button(mika, riverside):
    browser = signed_in(mika)
    assert 'action="/model/2/promote"' in browser.get("/model/").content.decode()

    page = browser.post("/model/2/promote", follow=True).content.decode()

    assert "From the next list on, model 2 decides." in page
    assert "Model 2 decides the list." in page
    assert deciding(riverside) == [2]
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.get(action="model_promoted").user == mika


def test_the_list_stays_as_it_is_until_the_next_one(mika, riverside):
    with scope.entered(scope.of_institution(riverside)):
        before = set(CurrentRisk.objects.values_list("student", "score"))

    signed_in(mika).post("/model/2/promote")

    with scope.entered(scope.of_institution(riverside)):
        assert set(CurrentRisk.objects.values_list("student", "score")) == before
    assert "· model 1 ·" in signed_in(mika).get("/students/").content.decode()


def test_a_link_promotes_nothing(mika, riverside):
    assert signed_in(mika).get("/model/2/promote").status_code == 405
    assert deciding(riverside) == [1]


@pytest.mark.parametrize("number", [3, 10**6])
def test_a_model_that_is_not_there_cannot_be_promoted(mika, riverside, number):
    assert signed_in(mika).post(f"/model/{number}/promote").status_code == 404
    assert deciding(riverside) == [1]


def test_otto_cannot_promote_what_is_riversides(otto, riverside):
    otto.memberships.update(role="model_owner", starts_on=SINCE)
    browser = signed_in(otto)

    assert browser.post("/model/2/promote").status_code == 404
    assert "No model decides yet." in browser.get("/model/").content.decode()
    assert deciding(riverside) == [1]
