"""Several workers on one study, really at once: each on its own connection, with its own process for the data."""

import datetime as dt
import json
import subprocess
import threading

import pandas as pd
import pytest
from django.db import connection
from django.utils import timezone

from accounts import scope
from accounts.models import Institution
from jobs import claims
from jobs.models import Job, State
from modeling.models import TuningStudy, TuningTrial
from modeling.training import datasets
from modeling.training.datasets import Snapshots
from modeling.tuning import tuning_data, tuning_requests, tuning_study
from modeling.tuning.tuning_requests import Budget
from tests.modeling.core import district_rows

DAY = dt.date(2024, 9, 2)


@pytest.fixture
def riverside(transactional_db):
    """An institution in the empty database, where rows are really committed: workers see each other's."""
    return Institution.objects.create(slug="riverside", name="Riverside Unified")


@pytest.fixture
def dataset(riverside):
    """A frozen dataset of 800 students, committed, without any records behind it."""
    frame, y = district_rows.rows(800)
    keys = pd.DataFrame(
        {"student_id": range(800), "snapshot_on": pd.Timestamp(DAY), "y": y, "outcome_id": range(800), "helped": False}
    )
    snapshots = Snapshots(
        rows=pd.concat([keys, frame], axis=1), features=district_rows.FEATURES, censored={}, dates=[DAY]
    )
    with scope.entered(scope.of_institution(riverside)):
        return datasets.freeze(snapshots, institution=riverside, horizon_days=365, now=timezone.now())


@pytest.fixture
def asked(riverside, dataset):
    def ask(**budget):
        with scope.entered(scope.of_institution(riverside)):
            return tuning_requests.request(
                institution=riverside,
                by=None,
                now=timezone.now(),
                dataset=dataset,
                budget=Budget(minutes=10, **budget),
                wakes=False,
            )

    return ask


def run_job(job_id):
    try:
        claims.run_job(job_id=job_id, work=tuning_study.tune_model)
    finally:
        connection.close()


def state_of(study):
    with scope.entered(scope.of_institution(study.institution)):
        study = TuningStudy.objects.select_related("training_run__job").get(pk=study.pk)
        jobs = [worker.job for worker in study.workers.select_related("job")]
        return study, list(study.trials.all()), jobs


def test_two_workers_share_one_study(asked):
    study = asked(n_trials=8, n_workers=2)
    threads = [threading.Thread(target=run_job, args=(job.pk,)) for job in state_of(study)[2]]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)

    study, trials, jobs = state_of(study)
    assert [trial.number for trial in trials] == list(range(8))
    assert len({trial.worker_id for trial in trials}) == 2
    assert len({json.dumps(trial.parameters) for trial in trials}) == 8
    assert {trial.state for trial in trials} <= {"complete", "pruned"}
    assert study.finished_at is not None
    assert [job.state for job in jobs] == [State.DONE, State.DONE]
    assert Job.objects.filter(task="modeling.train_model").count() <= 1


def test_what_a_dead_worker_left_another_one_tries(asked, riverside):
    study = asked(n_trials=3, n_workers=2)
    _study, _trials, (dying, living) = state_of(study)
    processes = []

    class KilledInTheFirstFold(subprocess.Popen):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            processes.append(self)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tuning_data.subprocess, "Popen", KilledInTheFirstFold)
        patched.setattr(tuning_data.DataProcess, "_say", lambda _data, _line: processes[0].kill())
        with pytest.raises(RuntimeError, match="ended with -9"):
            claims.run_job(job_id=dying.pk, work=tuning_study.tune_model)
    left = state_of(study)[1]
    run_job(living.pk)

    study, trials, jobs = state_of(study)
    assert [(trial.number, trial.state) for trial in left] == [(0, TuningTrial.State.RUNNING)]
    assert [(trial.number, trial.attempts) for trial in trials] == [(0, 2), (1, 1), (2, 1)]
    assert [job.state for job in jobs] == [State.FAILED, State.DONE]
    assert study.finished_at is not None
