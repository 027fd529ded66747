"""What the page of a version says of what the model looks at: messages, numbers behind them, nobody to recognise."""

import json
import re

import numpy as np
import pytest
from django.template.loader import render_to_string

from modeling.core import catalogue, global_importance
from modeling.core.fitting import fit_risk_model
from modeling.models import ModelVersion
from monitoring.effect_words import odds_axis, odds_words
from monitoring.importance_figures import importance_context
from tests.modeling.core.district_rows import FEATURES, SETTINGS, rows

LABELS = {
    "absence_rate_30d": "Share of the last 30 school days missed",
    "absence_rate_90d": "Share of the last 90 school days missed",
    "absence_rate_year": "Share of school days missed this school year",
    "core_failures_term": "Core courses failed in the latest term",
    "repeated_grade": "Was in the same grade last school year",
    "grade_level": "Grade level",
}
BOUND = {
    "n_refits": 8,
    "n_first": 3,
    "holds_share_before": 0.79,
    "holds_share_after": 0.94,
    "kept_share": 0.52,
    "no_reason_share": 0.1,
}


@pytest.fixture(scope="module")
def evaluation():
    frame, y = rows()
    features = [catalogue.from_json(feature.as_json() | {"label": LABELS[feature.name]}) for feature in FEATURES]
    model = fit_risk_model(frame, y, groups=None, features=features, settings=SETTINGS, seed=7).model()
    described = global_importance.describe(model, rows(800, seed=2)[0], seed=1)
    return described, [feature.as_json() for feature in features]


def version(evaluation, reasons=BOUND):
    described, features = evaluation
    specification = {"features": features, "reasons": reasons}
    return ModelVersion(number=3, evaluation=described, specification_json=json.dumps(specification))


def page_of(version):
    return render_to_string("components/model_importance.html", {"importance": importance_context(version)})


def charts_of(context):
    return [context["importance_chart"], context["beeswarm_chart"], *context["dependence_charts"]]


def test_titles_are_messages(evaluation):
    context = importance_context(version(evaluation))

    titles = [chart["title"] for chart in charts_of(context)]
    assert titles[0] == "What moves the estimate most: missed school days"
    assert titles[1].startswith("High values raise the estimate: ")
    assert any(re.search(r"Core courses failed in the latest term: raises the estimate from \d on", t) for t in titles)
    assert any(title.startswith("Grade level: highest with “9th grade”") for title in titles)


def test_the_page_says_how_many_reasons_hold_and_from_what(evaluation):
    page = page_of(version(evaluation))

    assert (
        "Fitted again 8 times to other draws of the students, 94 of 100 reasons we tell stay among the first 3." in page
    )
    assert "If we told every one, it would be 79 of 100. So 48 of 100 are left out." in page
    assert "Measured on 800 rows that the model had not seen. Model 3." in page


def test_every_chart_is_of_a_kind_the_page_can_draw_and_has_its_numbers(evaluation):
    for chart in charts_of(importance_context(version(evaluation))):
        assert {trace["type"] for trace in chart["figure"]["data"]} <= {"scatter", "bar"}
        assert json.loads(json.dumps(chart["figure"], allow_nan=False)) == chart["figure"]
        assert chart["rows"]
        assert {len(row) for row in chart["rows"]} == {len(chart["columns"])}
        assert "log" not in chart["title"] + chart["alt"]


def test_no_mark_stands_for_fewer_than_ten_students(evaluation):
    context = importance_context(version(evaluation))

    told = [text for trace in context["beeswarm_chart"]["figure"]["data"] for text in trace["text"]]
    counts = [int(re.search(r"(\d+) students", text).group(1)) for text in told]
    assert min(counts) >= 10
    assert all(row[1] >= 10 for chart in context["dependence_charts"] for row in chart["rows"])


def test_shape_tells_high_from_low_before_colour_does(evaluation):
    traces = importance_context(version(evaluation))["beeswarm_chart"]["figure"]["data"]

    symbols = {trace["name"]: trace["marker"]["symbol"] for trace in traces}
    assert (symbols["high"], symbols["low"]) == ("triangle-up", "triangle-down")


def test_an_older_version_says_what_is_not_known(evaluation):
    page = page_of(version(({}, evaluation[1]), reasons={}))

    assert "This version was trained before this was measured." in page
    assert "How far the reasons of this version hold was not measured." in page
    assert "<figure" not in page


def test_where_no_reason_holds_the_page_says_that_none_is_told(evaluation):
    page = page_of(version(evaluation, reasons=BOUND | {"holds_share_after": None, "kept_share": 0.0}))

    assert "None is told." in page


@pytest.mark.parametrize("reach", [0.1, 0.9, 2.0, 4.0])
def test_the_axis_has_a_tick_on_each_side_of_none(reach):
    axis = odds_axis(-reach, reach)

    inside = [place for place in axis["tickvals"] if abs(place) <= reach]
    assert axis["ticktext"][axis["tickvals"].index(0.0)] == "same"
    assert min(inside) < 0 < max(inside)
    assert len(inside) <= 7


def test_a_contribution_is_said_as_odds():
    assert odds_words(np.log(2)) == "× 2.00"
