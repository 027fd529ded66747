"""Freeze what a model is trained on: snapshots of past dates with their labels, as Parquet under its content hash."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pandas as pd
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Institution
from modeling.core import features, labels
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.models import Dataset

KEYS = ("student_id", "snapshot_on", "y", "outcome_id", "helped")


class NothingToLearn(Exception):
    """There are no labelled snapshots; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    """Labelled rows of every snapshot, and how many were left out by why.

    `rows` has the columns of KEYS (`y` is 0 or 1) and one per feature.
    """

    rows: pd.DataFrame
    censored: dict[str, int]
    dates: list[dt.date]


def labelled_snapshots(
    facts: FactFrames,
    *,
    dates: Sequence[dt.date],
    wanted: Sequence[Feature],
    horizon_days: int,
    known_by: dt.date,
    told: Callable[[int, int], None] = lambda done, total: None,
) -> Snapshots:
    """Return the snapshots of some dates with their labels; censored rows are left out and counted.

    :raises NothingToLearn: if no row has a label
    """
    parts, censored, used = [], Counter[str](), []
    for done, date in enumerate(dates):
        told(done, len(dates))
        frame = features.snapshot(facts, as_of=date, features=wanted)
        found = labels.labels(
            facts.outcomes, student_ids=frame.index, as_of=date, horizon_days=horizon_days, known_by=known_by
        )
        censored.update(found.censored)
        labelled = found.y.dropna().index
        if labelled.empty:
            continue
        used.append(date)
        keys = pd.DataFrame(
            {
                "student_id": labelled,
                "snapshot_on": pd.Timestamp(date),
                "y": found.y.loc[labelled].to_numpy(),
                "outcome_id": found.outcome_id.loc[labelled].to_numpy(),
                "helped": _helped(facts, date, horizon_days, labelled),
            }
        )
        parts.append(pd.concat([keys, frame.loc[labelled].reset_index(drop=True)], axis=1))
    if not parts:
        raise NothingToLearn(_why_nothing(dates, censored))
    return Snapshots(rows=pd.concat(parts, ignore_index=True), censored=dict(censored), dates=used)


def _helped(facts: FactFrames, date: dt.date, horizon_days: int, students: pd.Index) -> list[bool]:
    """Mark who got help within the horizon: their label is not what would have happened without it."""
    begun = facts.interventions["started_on"]
    last = pd.Timestamp(date) + pd.Timedelta(days=horizon_days)
    within = facts.interventions.loc[(begun > pd.Timestamp(date)) & (begun <= last), "student_id"]
    return students.isin(within).tolist()


def _why_nothing(dates: Sequence[dt.date], censored: Counter[str]) -> str:
    if not dates:
        return "There are no dates to learn from yet: outcomes must be known for at least one past school year."
    why = (
        ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in censored.most_common()) or "no student on the roll"
    )
    return f"No student has a known outcome yet ({why}). Record outcomes, then train."


def freeze(snapshots: Snapshots, *, institution: Institution, horizon_days: int, now: dt.datetime) -> Dataset:
    """Keep the rows under the hash of their bytes; the same rows are the same dataset."""
    content = BytesIO()
    snapshots.rows.to_parquet(content, index=False)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    stored_as = f"datasets/{institution.slug}/{digest}.parquet"
    if not default_storage.exists(stored_as):
        stored_as = default_storage.save(stored_as, ContentFile(content.getvalue()))
    dataset, _is_new = Dataset.objects.get_or_create(
        institution=institution,
        content_sha256=digest,
        defaults={
            "stored_as": stored_as,
            "snapshot_dates": snapshots.dates,
            "horizon_days": horizon_days,
            "n_rows": len(snapshots.rows),
            "n_students": int(snapshots.rows["student_id"].nunique()),
            "n_positive": int(snapshots.rows["y"].sum()),
            "censored": snapshots.censored,
            "created_at": now,
        },
    )
    return dataset


def path(dataset: Dataset) -> Path:
    """Return where a dataset's Parquet file lies."""
    return Path(default_storage.path(dataset.stored_as))
