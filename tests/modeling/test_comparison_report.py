"""The comparison is written from the version's row: as Markdown, and as one HTML file with its figures."""

from __future__ import annotations

import copy
import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from accounts import scope
from modeling.html_reports import comparison_report
from modeling.models import ModelVersion


@pytest.fixture
def version(riverside):
    with scope.entered(scope.of_institution(riverside)):
        return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def test_both_files_hold_the_figures_of_the_row(version):
    markdown, page = (comparison_report.files(version)[name] for name in comparison_report.FILES)

    for who in ("model", "logistic", "rule"):
        assert f"{version.metrics[who]['roc_auc']:.3f} (" in markdown
        assert f"{version.metrics[who]['roc_auc']:.3f} (" in page
    for stated in (version.dataset.content_sha256, version.sha256, version.code_version, "lightgbm"):
        assert stated in markdown
        assert stated in page


def test_the_html_needs_nothing_from_elsewhere(version):
    page = comparison_report.files(version)["model_comparison.html"]

    assert page.count("<svg") == 3
    assert "<script" not in page
    assert not re.findall(r"""(?:src|href)=["'](?!#)""", page)


def test_there_is_a_section_for_every_question(version):
    markdown = comparison_report.files(version)["model_comparison.md"]

    assert re.findall(r"^## (.+)$", markdown, re.MULTILINE) == [
        "Who it is compared with",
        "How good each of them is",
        "Curves",
        "Does the risk come true?",
        "How much more often is it right?",
        "Would the list hold?",
        "Does it serve every group?",
        "What one direction costs",
        "Is anything too good to be true?",
        "How many of either outcome it learned from",
        "What this comes from",
    ]


def test_the_same_row_gives_the_same_files(version):
    assert comparison_report.files(version) == comparison_report.files(version)


def test_a_version_without_an_evaluation_says_so(version):
    older = copy.copy(version)
    older.evaluation = {}

    markdown = comparison_report.files(older)["model_comparison.md"]

    assert comparison_report.NOT_MEASURED in markdown
    assert f"{version.metrics['model']['roc_auc']:.3f}" in markdown


@pytest.mark.parametrize(("jaccard", "names"), [(0.0, 0), (1 / 3, 5), (1.0, 10)])
def test_a_jaccard_index_is_read_as_names_that_stay(jaccard, names):
    assert comparison_report.names_that_stay(jaccard) == names


def test_the_command_writes_both_files_and_says_where(version, tmp_path):
    said = StringIO()

    call_command(
        "compare_models", "--institution", "riverside", "--number", "2", "--to", str(tmp_path), "--json", stdout=said
    )

    answer = json.loads(said.getvalue().splitlines()[-1])
    assert answer["model_version"] == "model 2"
    assert answer["files"] == [str(tmp_path / name) for name in comparison_report.FILES]
    assert (tmp_path / "model_comparison.md").read_text(encoding="utf-8").startswith("# Model 2 beside the rule")


def test_without_a_number_the_one_that_decides_is_compared(version, tmp_path):
    said = StringIO()

    call_command("compare_models", "--institution", "riverside", "--to", str(tmp_path), "--json", stdout=said)

    assert json.loads(said.getvalue())["model_version"] == "model 1"


def test_a_model_that_is_not_there_is_named(riverside, tmp_path):
    with pytest.raises(CommandError, match="Riverside Unified has no model 9."):
        call_command("compare_models", "--institution", "riverside", "--number", "9", "--to", str(tmp_path))
