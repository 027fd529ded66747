"""A contender that ranks worse than drawing lots is named so wherever it is shown, and nobody is praised beside it."""

from __future__ import annotations

import copy

import pytest
from django.template.loader import render_to_string

from accounts import scope
from modeling.html_reports import comparison_report
from modeling.models import ModelVersion
from modeling.promotion import promotion_gate
from monitoring import metric_rows, model_figures
from monitoring.views import training
from tests.predictions.pages import text_of

NOT_FAIR = {
    "logistic": "The plain formula ranks worse than drawing lots: not a fair comparison.",
    "rule": "Your school's rule points the wrong way: "
    "it ranks worse than drawing lots, so it is not a fair comparison.",
    "model": "This model ranks worse than drawing lots.",
}


@pytest.fixture
def version(riverside):
    with scope.entered(scope.of_institution(riverside)):
        return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def worse(version, *who, high=0.45, keep=True):
    """Return the version with contenders that rank worse than lots, as judged now or (not kept) as judged before."""
    other = copy.copy(version)
    other.metrics, other.evaluation = copy.deepcopy(version.metrics), copy.deepcopy(version.evaluation)
    for one in who:
        other.metrics[one]["roc_auc"] = 0.41
        other.evaluation["intervals"][one]["roc_auc"] = [0.37, high]
    other.evaluation.pop("broken", None)
    if keep:
        other.evaluation["broken"] = dict.fromkeys(who, "surely" if high < 0.5 else "perhaps")
    return other


def pages(version):
    """Return what the page of a version prints of its contenders, as text."""
    context = {"evaluation": model_figures.evaluation_context(version)}
    parts = [render_to_string("components/model_evaluation.html", context)]
    table = metric_rows.table(version.metrics, version.evaluation)
    parts.append(render_to_string("components/model_metrics.html", {"table": table}))
    return text_of("".join(parts)).replace("&#x27;", "'")


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("who", ["logistic", "rule", "model"])
def test_table_and_evaluation_say_it_of_new_and_older_versions(version, who, keep):
    page = pages(worse(version, who, keep=keep))

    assert page.count(NOT_FAIR[who]) == 2
    assert "(worse than drawing lots)" in page
    assert "worse than" not in pages(worse(version, keep=keep))


def test_what_may_be_chance_is_said_to_be(version):
    page = pages(worse(version, "rule", high=0.52))

    assert "The school's rule ranks worse than drawing lots: not a fair comparison. That may be chance." in page
    assert "points the wrong way" not in page


@pytest.mark.parametrize(
    ("who", "said"), [("logistic", "A plain formula would have been right"), ("rule", "rule would have been right")]
)
def test_no_verdict_compares_the_model_with_it(version, who, said):
    assert said in pages(version)
    assert said not in pages(worse(version, who))


def test_it_is_best_in_no_line_and_the_model_is_best_beside_nobody_else(version):
    other = worse(version, "logistic", "rule")
    other.metrics["logistic"] |= {"f1": 0.99, "brier": 0.0}

    rows = metric_rows.table(other.metrics, other.evaluation)["rows"]

    assert not any(cell["is_best"] for row in rows for cell in row["cells"])
    fair = metric_rows.table(version.metrics, version.evaluation)["rows"]
    assert all(any(cell["is_best"] for cell in row["cells"]) for row in fair)


def test_the_line_on_whom_it_helps_does_not_count_a_broken_rule(version):
    other = worse(version, "rule")

    said = metric_rows.whom_it_helps(other.metrics, other.evaluation)

    assert "The school's rule:" not in said
    assert said.endswith(NOT_FAIR["rule"])
    assert "The school's rule:" in metric_rows.whom_it_helps(version.metrics, version.evaluation)


def test_charts_name_the_line_and_do_not_speak_of_a_lead(version):
    other = worse(version, "rule", "logistic")
    other.evaluation["intervals"]["model_minus_rule"]["average_precision"] = [0.1, 0.2]

    charts = {chart["id"]: chart for chart in model_figures.evaluation_context(other)["charts"]}

    assert charts["precision-recall-chart"]["title"] == "The longer the list, the less often it is right"
    names = {trace["name"] for trace in charts["roc-chart"]["figure"]["data"]}
    assert names == {"Model", "Rule (worse than lots)", "Plain formula (worse than lots)"}


@pytest.mark.parametrize("keep", [True, False])
def test_the_comparison_says_it_and_tells_no_lead_over_it(version, keep):
    markdown = comparison_report.files(worse(version, "rule", "logistic", keep=keep))["model_comparison.md"]

    assert comparison_report.RULE_TURNED_ROUND in markdown
    assert comparison_report.BROKEN["logistic"] in markdown
    assert "How far this model lies above each" not in markdown
    assert "The school's rule (worse than lots)" in markdown


def test_the_gate_counts_no_lead_over_it_and_refuses_a_model_that_is(version):
    def checks(of):
        return {row["check"]: row for row in promotion_gate.gate(of, champion=None, churn_share=None)}

    by_rule, by_model = checks(worse(version, "rule")), checks(worse(version, "model"))

    assert by_rule["lift"]["passed"] is None
    assert "worse than drawing lots" in by_rule["lift"]["sentence"]
    assert by_model["chance"]["passed"] is False
    assert by_model["chance"]["sentence"].startswith("It ranks no better than drawing lots")
    assert checks(version)["chance"]["passed"] is True


def test_the_page_of_a_training_says_it_as_the_page_of_its_version_does(version):
    table = training._table(worse(version, "rule"))

    assert table["broken"] == [NOT_FAIR["rule"]]
    assert not table["has_intervals"]
