"""The dataset of a training: frozen from the records as they are now, or found again by its hash."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from accounts.models import Institution
from modeling import facts
from modeling.models import Dataset
from modeling.training import datasets
from modeling.training.datasets import DatasetRefused
from modeling.training.training_config import TrainingConfig

SHORTEST_HASH = 8


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A dataset, and the last day whose knowledge is in it."""

    dataset: Dataset
    known_by: dt.date


def from_records(
    *,
    institution: Institution,
    config: TrainingConfig,
    now: dt.datetime,
    on_progress: Callable[[str], None] = lambda step: None,
) -> Frozen:
    """Freeze the snapshots of past dates, from what the institution in scope has on record.

    :raises NothingToLearn: if no student has a known outcome yet
    :raises ConfigRefused: if the configuration asks for what the records do not offer
    """
    known_by = institution.day_of(now)
    offered = facts.terms(default_horizon_days=config.horizon_days, rule_name=config.rule)
    wanted = config.choose_features(offered.features)
    known = facts.frames()
    if offered.has_calendar:
        # Records that end before today name those who left since, but not yet those who stayed.
        known_by = min(known_by, facts.newest_day(known) or known_by)
    dates = snapshot_dates(offered, config, known_by=known_by)
    on_progress("snapshots")
    snapshots = datasets.labelled_snapshots(
        known, dates=dates, wanted=wanted, horizon_days=offered.horizon_days, known_by=known_by
    )
    snapshots = datasets.with_who_said(snapshots, facts.who_said())
    on_progress("freeze")
    dataset = datasets.freeze(snapshots, institution=institution, horizon_days=offered.horizon_days, now=now)
    return Frozen(dataset=dataset, known_by=known_by)


def snapshot_dates(offered: facts.Terms, config: TrainingConfig, *, known_by: dt.date) -> list[dt.date]:
    """Return the past dates to learn from: several a year, or a flat cohort's own."""
    if not offered.has_calendar:
        return offered.cohort_snapshots
    first, last = facts.first_and_last_school_day()
    latest = min(last, known_by - dt.timedelta(days=offered.horizon_days))
    days = [
        dt.date(year, day.month, day.day) for year in range(first.year, latest.year + 1) for day in config.snapshot_days
    ]
    return sorted(day for day in days if first + dt.timedelta(days=30) <= day <= latest)


def by_hash(digest: str) -> Dataset:
    """Return the dataset of the institution in scope that a hash, or its beginning, names.

    :raises DatasetRefused: if none has it, or more than one
    """
    check_hash(digest)
    found = list(Dataset.objects.filter(content_sha256__startswith=digest)[:2])
    if not found:
        raise DatasetRefused(f"No dataset {digest} was frozen here. Name the folder it lies in with --from.")
    if len(found) > 1:
        raise DatasetRefused(f"More than one dataset begins with {digest}. Give more of the hash.")
    return found[0]


def check_hash(digest: str) -> None:
    """Refuse what is no hash.

    :raises DatasetRefused: if it is too short, or holds other characters than a hash does
    """
    if len(digest) < SHORTEST_HASH or not set(digest) <= set("0123456789abcdef"):
        raise DatasetRefused(f'"{digest}" is no hash. Give at least its first {SHORTEST_HASH} characters.')
