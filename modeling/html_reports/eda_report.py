"""Make the report on the data that models learn from: who is in it, what is missing, who left, where it may mislead."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

import pandas as pd
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, School
from jobs.claims import Claim, Refused
from modeling import facts
from modeling.core import exploration, rolls
from modeling.html_reports import eda_document
from modeling.html_reports.eda_requests import STEPS
from modeling.models import Dataset, EdaReport
from modeling.training import dataset_versions, datasets, training_config
from modeling.training.training_config import TrainingConfig


def make(claim: Claim) -> None:
    """Do the work of a report's job.

    :raises Refused: if there is nothing to report on, or the dataset is not what was frozen
    """
    institution, now = claim.job.institution, timezone.now()
    with scope.entered(scope.of_institution(institution)):
        report = EdaReport.objects.select_related("dataset").get(job=claim.job)
        try:
            config = training_config.load()
            _tell(claim, "records")
            dataset = report.dataset or _freeze(claim, config, now=now)
            _tell(claim, "explore")
            content = explore(dataset, institution=institution, config=config)
        except (training_config.ConfigRefused, datasets.NothingToLearn, datasets.DatasetRefused) as refusal:
            raise Refused(str(refusal)) from None
        _tell(claim, "draw")
        html = eda_document.document(content).html()
        with claim.commit_result():
            EdaReport.objects.filter(pk=report.pk).update(dataset=dataset, content=content, html=html)
            claim.progress(len(STEPS), len(STEPS))


def explore(dataset: Dataset, *, institution: Institution, config: TrainingConfig) -> dict[str, Any]:
    """Return a report's figures, and of which data they are.

    :raises DatasetRefused: if the dataset is not what was frozen
    """
    file = datasets.path(dataset)
    described = datasets.features_of(file, dataset.content_sha256)
    known = facts.frames()
    data = exploration.Data(
        rows=pd.read_parquet(file),
        features=described,
        on_roll=rolls.on_roll(known, dates=dataset.snapshot_dates, school_names=_school_names(institution)),
        protected=facts.protected_attributes(),
        minimum=config.evaluation.smallest_group,
        seed=config.seed,
    )
    about = {
        "institution": institution.name,
        "is_synthetic": institution.is_synthetic,
        "dataset": dataset.content_sha256,
        "frozen_on": institution.day_of(dataset.created_at).isoformat(),
        "snapshot_dates": [day.isoformat() for day in dataset.snapshot_dates],
        "horizon_days": dataset.horizon_days,
        "n_rows": dataset.n_rows,
        "n_students": dataset.n_students,
        "censored": dataset.censored,
    }
    return {"about": about} | exploration.explore(data)


def _school_names(institution: Institution) -> dict[int, str]:
    """Return the schools' names by number; two of one name are told apart by the id of the source system."""
    schools = list(School.objects.filter(institution=institution))
    n_of_name = Counter(school.name for school in schools)
    return {
        school.pk: school.name if n_of_name[school.name] == 1 else f"{school.name} ({school.external_id})"
        for school in schools
    }


def _freeze(claim: Claim, config: TrainingConfig, *, now: dt.datetime) -> Dataset:
    return dataset_versions.from_records(
        institution=claim.job.institution, config=config, now=now, on_progress=lambda step: _tell(claim, step)
    ).dataset


def _tell(claim: Claim, step: str) -> None:
    claim.progress(STEPS.index(step), len(STEPS), step)
