"""What the page of a version says of its evaluation: in plain words, with its doubts, never by colour alone."""

from __future__ import annotations

import copy

import pytest
from django.template.loader import render_to_string

from accounts import scope
from modeling.models import ModelVersion
from monitoring import group_figures, model_figures
from tests.predictions.pages import text_of


@pytest.fixture
def version(riverside):
    with scope.entered(scope.of_institution(riverside)):
        return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def shown(version):
    context = {"evaluation": model_figures.evaluation_context(version)}
    parts = ("components/model_evaluation.html", "components/model_evaluation_wide.html")
    return "".join(render_to_string(part, context) for part in parts)


def changed(version, **changes):
    """Return the version with another evaluation, not stored."""
    other = copy.copy(version)
    other.evaluation = version.evaluation | changes
    return other


def test_the_first_words_are_who_was_found_and_who_was_right(version):
    page = text_of(shown(version))

    figures = version.metrics["model"]
    n, n_left = int(figures["capacity"]), int(figures["n_positive"])
    assert max(n, n_left) < 100
    right, found = round(n * figures["precision_at_capacity"]), round(n_left * figures["recall_at_capacity"])
    low, high = (round(n * end) for end in version.evaluation["intervals"]["model"]["precision_at_capacity"])
    assert f"Of the students above the line left: {right} of {n} (between {low} and {high})." in page
    assert f"Of those who left stood above it: {found} of {n_left}" in page
    assert "The school's rule would have been right for" in page.replace("&#x27;", "'")


@pytest.mark.parametrize(
    ("lead", "words"),
    [
        ([0.02, 0.2], "The model is better."),
        ([-0.2, -0.01], "The model is worse."),
        ([-0.1, 0.1], "The difference may be chance."),
        (None, "The difference may be chance."),
    ],
)
def test_a_lead_that_may_be_chance_is_called_so(version, lead, words):
    intervals = copy.deepcopy(version.evaluation["intervals"])
    intervals["model_minus_rule"]["precision_at_capacity"] = lead

    context = model_figures.evaluation_context(changed(version, intervals=intervals))

    assert context["verdicts"][0].endswith(words)


def test_how_many_names_would_stay_is_said_of_ten(version):
    stability = {"n_refits": 8, "top5_jaccard": 0.5, "capacity_jaccard": 7 / 13}

    page = text_of(shown(changed(version, stability=stability)))

    assert "Refitted on other students, 7 of 10 names above the line stay." in page


def test_what_is_too_good_to_be_true_is_named_in_words(version):
    feature = version.specification["features"][0]

    page = text_of(shown(changed(version, suspicious=[{"feature": feature["name"], "roc_auc": 1.0}])))

    assert "Suspiciously perfect: one fact alone tells who left." in page
    assert feature["label"] in page
    assert "Suspiciously perfect" not in shown(version)


def test_each_figure_has_a_message_a_table_and_trace_types_that_are_drawn(version):
    charts = model_figures.evaluation_context(version)["charts"]

    assert [chart["id"] for chart in charts] == ["calibration-chart", "precision-recall-chart", "roc-chart"]
    for chart in charts:
        assert chart["title"]
        assert all(len(row) == len(chart["columns"]) for row in chart["rows"])
        assert {trace["type"] for trace in chart["figure"]["data"]} == {"scatter"}


def test_an_older_version_says_what_would_fill_the_page(version):
    older = copy.copy(version)
    older.evaluation = {}

    page = text_of(shown(older))

    assert model_figures.evaluation_context(older) == {}
    assert "This version was never looked at this closely." in page
    assert "Train again." in page


def test_groups_stand_with_what_is_too_few_in_words(version):
    told = {"value": 0.42, "low": 0.31, "high": 0.52}
    nothing = dict.fromkeys(("value", "low", "high"))
    group = {
        "attribute": "fee_status",
        "value": "reduced",
        "n": 64,
        "n_positive": 20,
        "n_listed": None,
        "recall_at_capacity": told,
        "precision_at_capacity": nothing,
        "false_alarm_share": told,
        "calibration_gap": {"value": -0.07, "low": -0.1, "high": -0.02},
        "verdict": "told",
    }
    hidden = group | {"value": "full", "n": None}
    few = group | {"value": "waived", "recall_at_capacity": nothing, "verdict": "too_few"}
    gap = {"attribute": "fee_status", "measure": "recall_at_capacity", "gap": None, "verdict": "too_few", "between": []}

    page = text_of(shown(changed(version, groups=[group, hidden, few], gaps=[gap], n_suppressed_groups=3)))

    assert "Too few left to tell: Fee status." in page
    assert "Too few left to tell: waived." in page
    assert "between 31% and 52%" in page
    assert "too low by 7 points" in page
    assert "not shown" in page
    assert "3 groups are too small to show." in page


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        ("gap", "21 percentage points more are found of f than of m, between 4 and 38."),
        ("no_gap", "Gender: cannot tell: 21 of 100, between 4 and 38, for f and m"),
    ],
)
def test_a_gap_is_said_with_its_doubt(verdict, words):
    gap = {"attribute": "gender", "gap": 0.21, "low": 0.04, "high": 0.38, "between": ["f", "m"], "verdict": verdict}

    assert words in group_figures.gap_in_words(gap)


def test_no_group_of_fewer_than_ten_is_stored(version):
    assert version.evaluation["groups"]
    assert all(group["n"] is None or group["n"] >= 10 for group in version.evaluation["groups"])


def test_names_of_groups_cannot_write_into_the_page(version):
    told = {"value": "<script>alert(1)</script>", "verdict": "told"}
    group = copy.deepcopy(version.evaluation["groups"][0]) | told

    page = shown(changed(version, groups=[group]))

    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
