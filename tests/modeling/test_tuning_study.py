"""A search keeps to its budget, ends when it is told to, and a kill neither loses nor doubles a trial."""

import datetime as dt
import subprocess
import uuid

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry
from jobs import claims
from jobs.models import Job, State
from modeling.core.tuning_space import TUNED
from modeling.models import TrainingRun, TuningStudy, TuningTrial, TuningWorker
from modeling.training import training_config
from modeling.training.training_config import TrainingConfig
from modeling.tuning import tuning_data, tuning_requests, tuning_study, tuning_trials
from tests.modeling.training_runs import configure

SHORT = {"method": "optuna", "n_trials": 4, "minutes": 10, "n_folds": 2, "n_workers": 1, "imbalance": ["none"]}


@pytest.fixture
def asked(riverside, monkeypatch, tmp_path):
    """Ask for a search, and return its study; keywords change the configuration's budget."""

    def ask(**changes):
        configure(monkeypatch, tmp_path, tuning=SHORT | changes)
        with scope.entered(scope.of_institution(riverside)):
            return tuning_requests.request(institution=riverside, by=None, now=timezone.now(), wakes=False)

    return ask


def work(study):
    """Do the work of every job of a study, one after another, as workers would."""
    for job in jobs_of(study):
        claims.run_job(job_id=job.pk, work=tuning_study.tune_model)
    return again(study)


def jobs_of(study):
    with scope.entered(scope.of_institution(study.institution)):
        return [worker.job for worker in study.workers.select_related("job")]


def again(study):
    with scope.entered(scope.of_institution(study.institution)):
        return TuningStudy.objects.select_related("dataset", "training_run__job").get(pk=study.pk)


def trials_of(study):
    with scope.entered(scope.of_institution(study.institution)):
        return list(study.trials.all())


def test_a_search_spends_its_trials_and_has_the_best_settings_trained(riverside, asked):
    study = work(asked())

    trials = trials_of(study)
    best = tuning_trials.best_of(trials)
    assert [trial.number for trial in trials] == [0, 1, 2, 3]
    assert {trial.state for trial in trials} <= {"complete", "pruned"}
    assert study.finished_at is not None
    assert [job.state for job in jobs_of(study)] == [State.DONE]
    if best.number == tuning_trials.CURRENT:
        assert study.training_run is None
    else:
        tuned = TrainingConfig.from_yaml(study.training_run.config_yaml)
        assert {name: getattr(tuned.trees, name) for name in TUNED} == {name: best.parameters[name] for name in TUNED}


def test_it_begins_with_the_settings_as_they_are(asked):
    study = work(asked(n_trials=1))

    (trial,) = trials_of(study)
    trees = training_config.load().trees
    assert trial.parameters == {name: getattr(trees, name) for name in TUNED} | {"imbalance": "none"}
    assert study.training_run is None


def test_rows_the_next_model_is_judged_on_are_never_tuned_on(riverside, asked):
    study = work(asked(n_trials=1))

    assert study.split["test"]["kind"] == "temporal"
    assert study.split["folds"] in ("rolling_origin", "by_student")
    assert study.split["n_training"] < study.dataset.n_rows
    with scope.entered(scope.of_institution(riverside)):
        judged = TrainingRun.objects.filter(model_version__isnull=False).latest("created_at").model_version
    assert study.split["n_training"] == judged.metrics["split"]["n_train"]


@pytest.mark.slow
def test_the_same_search_finds_the_same(asked):
    one = trials_of(work(asked(n_trials=3)))
    with scope.entered(scope.of_institution(one[0].study.institution)):
        Job.objects.filter(task="modeling.train_model", state=State.QUEUED).update(
            state=State.FAILED, finished_at=timezone.now()
        )

    other = trials_of(work(asked(n_trials=3)))

    assert [(trial.parameters, trial.log_losses) for trial in one] == [
        (trial.parameters, trial.log_losses) for trial in other
    ]


def test_a_grid_tries_every_combination_once(riverside, asked, monkeypatch):
    small = [{**trial_parameters(), "num_leaves": leaves} for leaves in (4, 8, 16)]
    monkeypatch.setattr(tuning_trials.tuning_space, "grid", lambda **_: small)

    study = work(asked(method="grid", n_trials=50))

    assert study.n_trials == 3
    assert sorted(trial.parameters["num_leaves"] for trial in trials_of(study)) == [4, 8, 16]


def trial_parameters():
    return {name: getattr(training_config.load().trees, name) for name in TUNED} | {"imbalance": "none"}


def test_asking_twice_leads_to_the_search_under_way(riverside, asked):
    first, second = asked(), asked()

    assert first == second
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="tuning_asked_for").count() == 1
        assert TuningWorker.objects.count() == 1


def test_minutes_that_are_over_end_a_search_within_a_fold(asked):
    study = asked(n_trials=1000, minutes=1e-6)

    study = work(study)

    assert study.finished_at is not None
    assert trials_of(study) == []
    assert study.training_run is None


def test_a_stopped_search_ends_after_the_fold_and_keeps_what_it_found(asked, monkeypatch):
    study = asked(n_trials=1000)
    heard = tuning_data.DataProcess._heard

    def stop_in_the_third_trial(data):
        if len(trials_of(study)) == 3:
            with scope.entered(scope.of_institution(study.institution)):
                tuning_requests.stop(study=study, by=None, now=timezone.now())
        return heard(data)

    monkeypatch.setattr(tuning_data.DataProcess, "_heard", stop_in_the_third_trial)
    study = work(study)

    assert study.finished_at is not None
    assert [trial.state for trial in trials_of(study)][2:] == ["stopped"]
    assert len(trials_of(study)[2].log_losses) == 1


def test_a_search_stopped_before_anything_was_tried_trains_nothing(riverside, asked):
    study = asked()
    with scope.entered(scope.of_institution(riverside)):
        tuning_requests.stop(study=study, by=None, now=timezone.now())

    study = work(study)

    assert (study.finished_at is not None, study.training_run, trials_of(study)) == (True, None, [])
    with scope.entered(scope.of_institution(riverside)), pytest.raises(tuning_requests.NothingFound):
        tuning_requests.train(study=study, by=None, now=timezone.now())


@pytest.mark.slow
def test_a_killed_trial_is_tried_again_under_its_number(asked, monkeypatch):
    study = asked(n_trials=3)
    (job,) = jobs_of(study)
    heard, died = tuning_data.DataProcess._heard, []

    def die_after_the_first_fold_of_the_second_trial(data):
        if not died and [len(trial.log_losses) for trial in trials_of(study)] == [2, 1]:
            died.append(True)
            raise claims.LostClaim
        return heard(data)

    monkeypatch.setattr(tuning_data.DataProcess, "_heard", die_after_the_first_fold_of_the_second_trial)
    claims.run_job(job_id=job.pk, work=tuning_study.tune_model)
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    left = trials_of(study)

    study = work(study)

    assert [trial.state for trial in left] == ["complete", "running"]
    trials = trials_of(study)
    assert [(trial.number, trial.attempts) for trial in trials] == [(0, 1), (1, 2), (2, 1)]
    assert trials[1].parameters == left[1].parameters
    assert all(len(trial.log_losses) <= study.split["n_folds"] for trial in trials)
    assert study.finished_at is not None


def test_a_trial_that_kills_every_worker_is_left(riverside, asked):
    study = asked()
    with scope.entered(scope.of_institution(riverside)):
        worker = study.workers.get()
        TuningStudy.objects.filter(pk=study.pk).update(split={"n_training": 500})
        study = tuning_trials.locked(study)
        for _attempt in range(tuning_trials.MOST_ATTEMPTS):
            tuning_trials.take(study=study, worker=worker, token=uuid.uuid4(), now=timezone.now())

        next_one = tuning_trials.take(study=study, worker=worker, token=uuid.uuid4(), now=timezone.now())

        assert next_one.number == 1
        assert [trial.state for trial in study.trials.all()] == ["failed", "running"]


def test_the_dead_may_not_speak_for_a_trial_that_was_taken_over(riverside, asked):
    study = asked()
    with scope.entered(scope.of_institution(riverside)):
        worker, study = study.workers.get(), tuning_trials.locked(study)
        ghosts = tuning_trials.take(study=study, worker=worker, token=uuid.uuid4(), now=timezone.now())
        tuning_trials.take(study=study, worker=worker, token=uuid.uuid4(), now=timezone.now())

        with pytest.raises(claims.LostClaim):
            tuning_trials.tell(ghosts, {"log_loss": 0.1, "roc_auc": 0.9, "n_trees": 10})

        assert study.trials.get().log_losses == []


def test_a_trial_goes_on_while_it_is_among_the_best_fifth():
    others = [
        TuningTrial(pk=n, number=n, state="complete", log_losses=[0.2 + n / 100, 0.2 + n / 100]) for n in range(1, 9)
    ]

    def hopeless(losses, number=9, among=others):
        return tuning_trials.is_hopeless(TuningTrial(pk=number, number=number, log_losses=losses), among)

    assert [hopeless([0.22]), hopeless([0.221])] == [False, True]
    # An easy first fold does not protect it in the second one.
    assert [hopeless([0.20, 0.24]), hopeless([0.20, 0.26])] == [False, True]
    assert not hopeless([0.9], number=tuning_trials.CURRENT)
    assert not hopeless([0.9], among=others[:3])


def test_the_process_knows_no_secret_and_dies_with_the_search(asked, monkeypatch):
    started = []

    class Watched(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            started.append((kwargs["env"], self))

    monkeypatch.setattr(tuning_data.subprocess, "Popen", Watched)

    work(asked(n_trials=1))

    ((environment, process),) = started
    assert environment["OMP_NUM_THREADS"] == "1"
    assert not {"SECRET_KEY", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"} & set(environment)
    assert process.returncode is not None


def test_data_that_cannot_be_parted_are_refused_with_a_sentence(asked, monkeypatch):
    monkeypatch.setattr(tuning_study.TrainingConfig, "choose_features", lambda _config, offered: offered[:0])

    study = asked()
    work(study)

    (job,) = jobs_of(study)
    assert (job.state, job.error) == (
        State.FAILED,
        "No feature varies among the training rows: all are missing or constant.",
    )
