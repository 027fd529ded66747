"""Each list is compared once with what its model learned from."""

import math

import numpy as np
import pandas as pd
import pytest

from accounts import scope
from modeling import registry, scoring
from modeling.training import datasets
from monitoring import drift_report
from monitoring.core import drift
from monitoring.models import DriftReport, FeatureDrift
from predictions.models import ScoringRun
from students.models import AttendanceRecord
from tests.district_in_database import LIST_DAYS, LIST_ON, NOW, score


@pytest.fixture
def champion(at_riverside):
    return registry.champion()


@pytest.fixture
def learned_from(champion):
    """The rows the champion was trained on."""
    return pd.read_parquet(datasets.path(champion.dataset))


def by_feature(table):
    return {row["feature"]: row for row in table}


def compared(version):
    """Return the features whose drift is measured: all but those that count the calendar."""
    return {fields["name"] for fields in version.specification["features"]} - drift.CALENDAR


def test_every_list_has_one_report_with_every_feature(champion):
    reports = DriftReport.objects.select_related("run").order_by("run__as_of")

    assert [report.run.as_of for report in reports] == list(LIST_DAYS)
    for report in reports:
        rows = FeatureDrift.objects.filter(report=report)
        assert set(rows.values_list("feature", flat=True)) == compared(champion)
        assert set(rows.values_list("n_students", flat=True)) == {report.run.n_scored}


def test_a_report_says_what_the_figures_say(champion):
    run = ScoringRun.objects.get(as_of=LIST_ON)
    frame = scoring.snapshot(champion, as_of=LIST_ON)

    stored = {row.feature: row for row in FeatureDrift.objects.filter(report__run=run)}

    for computed in drift.drift_table(frame, champion.specification):
        row = stored[computed["feature"]]
        assert math.isclose(row.psi, computed["psi"], rel_tol=1e-9, abs_tol=1e-12)
        assert (row.level, row.missing_share) == (computed["level"], computed["missing_share"])


def test_what_the_model_learned_from_has_not_moved(champion, learned_from):
    table = drift.drift_table(learned_from, champion.specification)

    assert max(row["psi"] for row in table) < 0.001
    assert {row["level"] for row in table} == {"stable"}


def test_a_school_year_takes_its_usual_course_without_alarm(champion):
    levels = FeatureDrift.objects.filter(report__run__as_of=LIST_ON).values_list("level", flat=True)

    assert list(levels).count("stable") > 0.8 * len(levels)


def test_a_feature_that_moved_is_first(champion, learned_from):
    moved = learned_from.assign(course_average=learned_from["course_average"] * 0.7)

    table = drift.drift_table(moved, champion.specification)

    assert (table[0]["feature"], table[0]["level"]) == ("course_average", "drifted")
    assert table[0]["psi"] > 0.25


def test_a_feature_missing_throughout_is_told(champion, learned_from):
    gone = learned_from.assign(course_average=np.nan)

    found = by_feature(drift.drift_table(gone, champion.specification))["course_average"]

    assert (found["missing_share"], found["level"]) == (1.0, "drifted")
    assert found["reference_missing_share"] < 1


def test_fewer_than_fifty_students_tell_nothing(champion, learned_from):
    table = drift.drift_table(learned_from.head(49), champion.specification)

    assert {row["level"] for row in table} == {"too_few"}


def test_a_run_is_compared_once(riverside, at_riverside):
    run = score(riverside, as_of=LIST_ON)

    first = drift_report.compare(run=run, now=NOW)
    second = drift_report.compare(run=run, now=NOW)

    assert first is not None
    assert second is None
    assert DriftReport.objects.filter(run=run).count() == 1
    assert FeatureDrift.objects.filter(report=first).count() == len(compared(run.model_version))


def test_what_is_due_is_found_at_every_institution_and_no_more(riverside, lakeside):
    score(riverside, as_of=LIST_ON)

    assert [drift_report.compare_all(now=NOW) for _ in range(2)] == [1, 0]
    for institution, n_lists in ((riverside, 4), (lakeside, 1)):
        with scope.entered(scope.of_institution(institution)):
            assert DriftReport.objects.count() == n_lists


def test_a_run_that_was_never_published_is_not_compared(riverside, at_riverside):
    ScoringRun.objects.filter(as_of=LIST_ON).update(published_at=None)
    DriftReport.objects.filter(run__as_of=LIST_ON).delete()

    assert drift_report.runs_without_report() == []


def test_records_that_are_missing_since_a_month_show_as_drift(riverside, at_riverside):
    AttendanceRecord.objects.filter(held_on__gte="2026-02-15").delete()

    report = drift_report.compare(run=score(riverside, as_of=LIST_ON), now=NOW)

    moved = FeatureDrift.objects.filter(report=report, level="drifted").values_list("feature", flat=True)
    assert "absence_rate_30d" in moved
