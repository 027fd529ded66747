"""A training ends in a registered model or in a sentence; the model that decides is touched by neither."""

import datetime as dt
import os
import re
import sys

import pytest

from accounts import scope
from accounts.models import Institution
from jobs.claims import FAILURE
from jobs.models import State
from modeling import facts
from modeling.models import ModelVersion, TrainingRun
from modeling.training import training, training_config
from students import district as districts
from students.models import Outcome
from tests import rows
from tests.district_in_database import ENDS_ON, NOW, train
from tests.modeling.training_runs import KilledAtOnce, configure


def champions(institution):
    with scope.entered(scope.of_institution(institution)):
        return list(ModelVersion.objects.filter(is_champion=True).values_list("number", "sha256"))


@pytest.fixture
def brookfield(district, db):
    """An institution without records."""
    return Institution.objects.create(slug="brookfield", name="Brookfield")


def test_the_same_records_settings_and_seed_give_the_same_bytes(at_riverside):
    first, second = ModelVersion.objects.order_by("number")

    assert first.sha256 == second.sha256
    assert first.booster_text == second.booster_text
    assert first.metrics == second.metrics
    assert first.seed == second.seed == training_config.load().seed


def test_the_first_model_decides_and_the_second_waits(at_riverside):
    first, second = ModelVersion.objects.order_by("number")

    assert (first.number, first.is_champion, first.promoted_at) == (1, True, first.trained_at)
    assert (second.number, second.is_champion, second.promoted_at) == (2, False, None)


def test_a_training_without_mlflow_registers_all_the_same(at_riverside):
    run = TrainingRun.objects.select_related("job", "model_version").get(model_version__number=2)

    assert (run.job.state, run.job.error, run.model_version.mlflow_run_id) == (State.DONE, "", "")
    assert (run.job.progress_done, run.job.progress_total) == (7, 7)


def test_a_model_knows_what_made_it(at_riverside):
    version = ModelVersion.objects.get(number=1)

    assert {"python", "lightgbm", "scikit-learn", "numpy", "pandas"} <= set(version.library_versions)
    assert version.code_version
    assert version.specification["n_training"] == version.dataset.n_rows
    assert version.threshold == version.specification["threshold"]
    assert {"model", "logistic", "rule", "split"} <= set(version.metrics)
    assert 0.7 < version.metrics["model"]["roc_auc"] < 0.97


def test_years_are_parted_by_time(at_riverside):
    version = ModelVersion.objects.select_related("dataset").get(number=1)

    split = version.metrics["split"]
    test_from = dt.date.fromisoformat(split["test_from"])
    assert split["kind"] == "temporal"
    assert max(version.dataset.snapshot_dates) - training.A_YEAR < test_from
    assert split["n_train"] + split["n_test"] < version.dataset.n_rows


def test_a_flat_cohort_is_parted_by_students(lakeside):
    with scope.entered(scope.of_institution(lakeside)):
        version = ModelVersion.objects.select_related("dataset").get()

    assert version.metrics["split"] | {"n_positive_test": None} == {
        "kind": "holdout",
        "test_share": 0.2,
        "n_train": 240,
        "n_test": 60,
        "n_positive_test": None,
    }
    assert version.specification["horizon_days"] == version.dataset.horizon_days == 1096


def test_only_windows_that_the_records_reach_across_are_learned_from(at_riverside):
    dates = ModelVersion.objects.get(number=1).dataset.snapshot_dates

    assert facts.newest_day(facts.frames()) <= ENDS_ON
    assert max(dates) == dt.date(2025, 4, 15)
    assert max(dates) + dt.timedelta(days=365) <= ENDS_ON


def test_an_institution_without_records_is_told_what_is_missing(brookfield):
    run = train(brookfield)

    assert run.job.state == State.FAILED
    assert run.job.error.startswith("There are no dates to learn from yet")
    assert run.model_version is None


def test_too_few_students_are_told_so(brookfield):
    few = districts.simulate(n_students=12, n_years=3, seed=1, ends_on=ENDS_ON)
    districts.store(few, institution=brookfield, now=NOW)

    run = train(brookfield)

    assert run.job.state == State.FAILED
    assert re.search(r"at least \d+ .*left", run.job.error)
    assert champions(brookfield) == []


def test_where_nobody_left_nothing_can_be_learned(riverside, at_riverside):
    before = champions(riverside)
    for outcome in Outcome.objects.filter(kind="dropped_out", corrected_by=None):
        rows.sound(
            Outcome,
            institution=riverside,
            student=outcome.student,
            kind="continued",
            happened_on=outcome.happened_on,
            known_on=outcome.known_on,
            corrects=outcome,
        )

    run = train(riverside)

    assert run.job.state == State.FAILED
    assert "left" in run.job.error
    assert champions(riverside) == before


def test_a_wrong_configuration_is_named_key_by_key(riverside, monkeypatch, tmp_path):
    before = champions(riverside)
    configure(monkeypatch, tmp_path, lerning_rate=0.1, n_folds="five")

    run = train(riverside)

    assert run.job.state == State.FAILED
    assert '"lerning_rate" is not a setting of a training.' in run.job.error
    assert "\"n_folds\" is 'five', which cannot be used" in run.job.error
    assert champions(riverside) == before


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"features": ["shoe_size", "tardies_30d"]}, "shoe_size, which the records do not offer. Offered: "),
        ({"rule": "gut feeling"}, "which configs/rules.yaml does not have. Known: abc."),
    ],
)
def test_what_the_configuration_asks_for_in_vain_is_named(riverside, monkeypatch, tmp_path, changes, sentence):
    configure(monkeypatch, tmp_path, **changes)

    run = train(riverside)

    assert run.job.state == State.FAILED
    assert sentence in run.job.error


def test_a_killed_fit_fails_the_job_and_leaves_the_champion(riverside, monkeypatch):
    before = champions(riverside)
    monkeypatch.setattr(training.subprocess, "Popen", KilledAtOnce)

    with pytest.raises(RuntimeError, match="ended with -9"):
        train(riverside)

    with scope.entered(scope.of_institution(riverside)):
        run = TrainingRun.objects.select_related("job").first()
    assert (run.job.state, run.job.error, run.model_version) == (State.FAILED, FAILURE, None)
    assert champions(riverside) == before


def test_the_fit_is_a_program_of_its_own_with_one_thread_and_no_secret(riverside, monkeypatch):
    monkeypatch.setattr(training.subprocess, "Popen", KilledAtOnce)

    with pytest.raises(RuntimeError):
        train(riverside)

    given = dict(line.split("=", 1) for line in KilledAtOnce.seen["environ"].decode().split("\0") if line)
    assert KilledAtOnce.seen["cmdline"].decode().split("\0")[:3] == [
        sys.executable,
        "-m",
        "modeling.training.fit_process",
    ]
    assert given["OMP_NUM_THREADS"] == given["OPENBLAS_NUM_THREADS"] == "1"
    assert not {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"} & set(given)
    assert "SECRET_KEY" in os.environ
