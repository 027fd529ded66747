"""The page of a version: from a score to its data in two clicks, and everything that is known of it."""

import pytest

from accounts import scope
from modeling.models import ModelVersion
from monitoring import version_facts
from tests.people import signed_in
from tests.predictions.pages import text_of


@pytest.fixture
def version(riverside):
    with scope.entered(scope.of_institution(riverside)):
        return ModelVersion.objects.select_related("dataset").get(number=2)


@pytest.fixture
def markup(mika, version):
    return signed_in(mika).get("/model/2/").content.decode()


def test_data_code_model_and_seed_can_be_read_off(markup, version):
    for known in (version.dataset.content_sha256, version.sha256, version.code_version, str(version.seed)):
        assert f">{known}<" in markup
    words = text_of(markup)
    assert f"Students {version.dataset.n_students:,}" in words
    assert all(f"{day:%-d %b %Y}" in words for day in version.dataset.snapshot_dates)


def test_what_was_left_out_of_the_data_is_counted(markup, version):
    assert version.dataset.censored
    assert "Left out" in text_of(markup)


def test_who_said_the_labels_is_told(markup, version):
    n = version.dataset.said
    assert f"Of {version.dataset.n_rows:,} labels: {n['file']:,} from files or other systems, " in text_of(markup)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, ""),
        (
            {"file": 1200, "staff": 300, "corrections": 12},
            "Of 1,500 labels: 1,200 from files or other systems, 300 recorded by staff, 12 of them corrections.",
        ),
        (
            {"file": 1200, "staff": 3, "corrections": 0},
            "Of 1,203 labels: all others from files or other systems, fewer than 10 recorded by staff, "
            "0 of them corrections.",
        ),
    ],
)
def test_few_labels_are_not_counted_out(said, words):
    assert version_facts._said(said) == words


def test_every_figure_stands_beside_the_rule_and_the_plain_formula(markup, version):
    for who in ("model", "logistic", "rule"):
        assert f">{version.metrics[who]['roc_auc']:.3f}<" in markup
    for label in ("Right above your team's line", "Calibration error", "Brier score", "F1"):
        assert label in text_of(markup)


def test_figures_have_intervals_where_they_were_measured(markup, version):
    low, high = version.evaluation["intervals"]["model"]["roc_auc"]

    assert f"<small>{low:.2f}–{high:.2f}</small>" in markup


def test_settings_and_libraries_are_there_to_train_it_again(markup, version):
    assert "Settings" in markup
    assert "num_leaves: 8" in markup
    assert all(name in markup and number in markup for name, number in version.library_versions.items())


def test_it_says_what_the_version_is_doing(mika, riverside):
    browser = signed_in(mika)

    assert "Model 1 decides." in browser.get("/model/1/").content.decode()
    assert "Model 2 waits to be let decide." in browser.get("/model/2/").content.decode()


def test_the_one_that_waits_leads_to_who_would_change(mika, riverside):
    browser = signed_in(mika)

    assert 'href="/model/2/promote"' in browser.get("/model/2/").content.decode()
    assert "/promote" not in browser.get("/model/1/").content.decode()


def test_an_administrator_reads_but_is_not_offered_to_promote(ines, riverside):
    markup = signed_in(ines).get("/model/2/").content.decode()

    assert "Model 2 waits" in markup
    assert "/promote" not in markup


@pytest.mark.parametrize(("person", "status"), [("mika", 200), ("ines", 200), ("amara", 403), ("sam", 403)])
def test_only_those_who_answer_for_models_see_it(request, riverside, person, status):
    assert signed_in(request.getfixturevalue(person)).get("/model/1/").status_code == status


@pytest.mark.parametrize("number", [3, 10**6, 10**12])
def test_a_version_that_is_not_there_is_not_found(mika, riverside, number):
    assert signed_in(mika).get(f"/model/{number}/").status_code == 404


def test_otto_does_not_find_riversides_versions(otto, riverside):
    assert signed_in(otto).get("/model/1/").status_code == 404


def test_an_older_version_without_an_evaluation_is_shown_all_the_same(mika, riverside, monkeypatch):
    monkeypatch.setattr(ModelVersion, "from_db", _without_evaluation(ModelVersion.from_db))

    words = text_of(signed_in(mika).get("/model/1/").content.decode())

    assert "This version was never looked at this closely." in words


def _without_evaluation(from_db):
    """Read rows as they were before versions were judged so closely."""

    def read(database, names, values):
        version = from_db(database, names, values)
        if "evaluation" in version.__dict__:
            version.evaluation = {}
        return version

    return read
