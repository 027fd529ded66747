"""The contents of the tests' district: two institutions simulated, trained and scored; see `district_fixtures`."""

from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import os
from pathlib import Path

import pandas as pd
import pytest
from django.conf import settings

from accounts import scope
from accounts.models import Institution
from jobs import claims
from modeling.models import ModelVersion, Promotion
from modeling.training import training, training_requests
from monitoring import drift_report
from predictions import runs, scoring_run
from predictions.models import ScoringRun
from simulation.district import District
from students import district as districts
from tests.students import uploading

ENDS_ON = dt.date(2026, 4, 24)
# The newest is the list that the pages show.
LIST_ON = dt.date(2026, 3, 20)
LIST_DAYS = (dt.date(2025, 11, 14), dt.date(2026, 1, 30), LIST_ON)
CAPACITY = 12
# The flat cohort of the college, and the day its schema looks at it.
COHORT_SIZE = 300
SNAPSHOT_ON = dt.date(2019, 2, 28)
SILENT_MLFLOW = "http://127.0.0.1:9"
NOW = dt.datetime(2026, 4, 24, 12, tzinfo=dt.UTC)
# Every training and list is asked for at a moment of its own.
_minutes = itertools.count()
# What another process made the district with asked at other moments.
_OF_THIS_PROCESS = dt.timedelta(microseconds=os.getpid() % 1_000_000)


def fill(patched: pytest.MonkeyPatch, folder: Path) -> None:
    """Make both institutions in the database that is pointed at; files of theirs come from a folder."""
    riverside = Institution.objects.create(
        slug="riverside", name="Riverside Unified", time_zone="America/New_York", capacity=CAPACITY
    )
    lakeside = Institution.objects.create(slug="lakeside", name="Lakeside College", capacity=CAPACITY)
    simulated = districts.simulate(n_students=300, n_years=5, seed=3, ends_on=ENDS_ON)
    districts.store(in_two_schools(simulated), institution=riverside, now=NOW)
    uploading.work_on(uploading.send(lakeside, uploading.cohort_bytes(folder, n=COHORT_SIZE))[0])
    # MLflow has tests of its own and costs seconds; the second training meets one that does not answer.
    for institution, mlflow in ((riverside, ""), (riverside, SILENT_MLFLOW), (lakeside, "")):
        patched.setattr(settings, "MLFLOW_TRACKING_URI", mlflow)
        run = train(institution)
        if run.model_version.number == 1:
            let_decide(run.model_version)
    for day in LIST_DAYS:
        score(riverside, as_of=day)
    score(lakeside, as_of=SNAPSHOT_ON)
    drift_report.compare_all(now=NOW)


def train(institution: Institution) -> training.TrainingRun:
    """Train as a worker does, and return the run as it then stands."""
    with scope.entered(scope.of_institution(institution)):
        run = training_requests.request(institution=institution, by=None, now=_moment(), wakes=False)
    claims.run_job(job_id=run.job_id, work=training.train_model)
    with scope.entered(scope.of_institution(institution)):
        return training.TrainingRun.objects.select_related("job", "model_version").get(pk=run.pk)


def _moment() -> dt.datetime:
    return NOW + dt.timedelta(minutes=next(_minutes)) + _OF_THIS_PROCESS


def let_decide(version: ModelVersion) -> None:
    """Make a version the champion, as a first one is that passes every check.

    The district is too small to tell whether groups are treated alike, so its first version waits; the pages are tested
    with one that decides.
    """
    with scope.entered(scope.of_institution(version.institution)):
        at, kind = version.trained_at, Promotion.Kind.FIRST
        ModelVersion.objects.filter(pk=version.pk).update(is_champion=True, is_challenger=False, promoted_at=at)
        Promotion.objects.create(institution=version.institution, version=version, kind=kind, at=at, by=None)


def score(institution: Institution, *, as_of: dt.date) -> ScoringRun:
    """Make a list as a worker does, and return the run as it then stands."""
    with scope.entered(scope.of_institution(institution)):
        run = runs.request(institution=institution, as_of=as_of, by=None, now=_moment(), wakes=False)
    claims.run_job(job_id=run.job_id, work=scoring_run.score_students)
    with scope.entered(scope.of_institution(institution)):
        return ScoringRun.objects.select_related("job", "model_version").get(pk=run.pk)


def in_two_schools(simulated: District) -> District:
    """Return the district with every second student at a school of their own: it is too small to have two."""
    school_of = dict.fromkeys(simulated.students["student_id"], "N")
    school_of |= dict.fromkeys(simulated.students["student_id"].iloc[1::2], "H")
    moved = {
        field.name: frame.assign(school_id=frame["student_id"].map(school_of))
        for field in dataclasses.fields(simulated)
        if {"school_id", "student_id"} <= set((frame := getattr(simulated, field.name)).columns)
    }
    schools = pd.DataFrame({"school_id": ["N", "H"], "name": ["Northside", "Harbor"]})
    return dataclasses.replace(simulated, schools=schools, **moved)
