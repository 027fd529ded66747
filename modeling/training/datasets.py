"""Freeze what a model is trained on: snapshots of past dates with their labels, as Parquet under its content hash."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from django.core.files.storage import default_storage

from accounts import private_files
from accounts.models import Institution
from modeling.core import catalogue, features, labels
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.term_deadline import term_ends_on
from modeling.models import Dataset

KEYS = ("student_id", "snapshot_on", "y", "outcome_id", "y_term", "term_outcome_id", "helped")
# Who said the outcome that `y` came from: no training looks at it, a person who asks where a label is from does.
SAID = ("said_by", "is_correction", "said_source", "said_upload")

# Raised when columns or their meaning change, so that no training reads an old file as if it were a new one.
SCHEMA = 3
# Files of 2 lack `SAID` and hold everything else.
READABLE = (2, SCHEMA)
_ABOUT = b"dropout_portal"


class NothingToLearn(Exception):
    """There are no labelled snapshots; the sentence says why."""


class DatasetRefused(Exception):
    """A frozen dataset cannot be used; the sentence says why."""


@dataclass(frozen=True, kw_only=True)
class Snapshots:
    """Labelled rows of every snapshot, and how many were left out by why.

    `rows` has the columns of KEYS, of SAID where it was told, and one per feature. `y` is 0 or 1; `y_term`, the label
    of the term that the snapshot lies in, is NaN where that one is censored.
    """

    rows: pd.DataFrame
    features: list[Feature]
    censored: dict[str, int]
    dates: list[dt.date]


def labelled_snapshots(
    facts: FactFrames,
    *,
    dates: Sequence[dt.date],
    wanted: Sequence[Feature],
    horizon_days: int,
    known_by: dt.date,
    on_progress: Callable[[int, int], None] = lambda done, total: None,
) -> Snapshots:
    """Return the snapshots of some dates with their labels; censored rows are left out and counted.

    :raises NothingToLearn: if no row has a label
    """
    parts, censored, used = [], Counter[str](), []
    for done, date in enumerate(dates):
        on_progress(done, len(dates))
        frame = features.snapshot(facts, as_of=date, features=wanted)
        found = labels.labels(
            facts.outcomes, student_ids=frame.index, as_of=date, horizon_days=horizon_days, known_by=known_by
        )
        censored.update(found.censored)
        labelled = found.y.dropna().index
        if labelled.empty:
            continue
        used.append(date)
        of_term = labels.term_labels(
            facts.outcomes,
            student_ids=labelled,
            as_of=date,
            term_ends_on=term_ends_on(facts.terms, as_of=date),
            known_by=known_by,
        )
        keys = pd.DataFrame(
            {
                "student_id": labelled,
                "snapshot_on": pd.Timestamp(date),
                "y": found.y.loc[labelled].to_numpy(),
                "outcome_id": found.outcome_id.loc[labelled].to_numpy(),
                "y_term": of_term.y.to_numpy(),
                "term_outcome_id": of_term.outcome_id.to_numpy(),
                "helped": _helped(facts, date, horizon_days, labelled),
            }
        )
        parts.append(pd.concat([keys, frame.loc[labelled].reset_index(drop=True)], axis=1))
    if not parts:
        raise NothingToLearn(_why_nothing(dates, censored))
    rows = pd.concat(parts, ignore_index=True)
    return Snapshots(rows=rows, features=list(wanted), censored=dict(censored), dates=used)


def _helped(facts: FactFrames, date: dt.date, horizon_days: int, students: pd.Index) -> list[bool]:
    """Mark who got help within the horizon: their label is not what would have happened without it."""
    # Help that a later file took back was never given.
    given = facts.interventions.loc[facts.interventions["replaced_on"].isna()]
    last = pd.Timestamp(date) + pd.Timedelta(days=horizon_days)
    within = given.loc[(given["started_on"] > pd.Timestamp(date)) & (given["started_on"] <= last), "student_id"]
    return students.isin(within).tolist()


def _why_nothing(dates: Sequence[dt.date], censored: Counter[str]) -> str:
    if not dates:
        return "There are no dates to learn from yet: outcomes must be known for at least one past school year."
    why = (
        ", ".join(f"{n} {reason.replace('_', ' ')}" for reason, n in censored.most_common()) or "no student on the roll"
    )
    return f"No student has a known outcome yet ({why}). Record outcomes, then train."


def with_who_said(snapshots: Snapshots, said: pd.DataFrame) -> Snapshots:
    """Return the snapshots with who said the outcome behind each label.

    :param said: the columns of `SAID`, by ``outcome_id``
    """
    of_rows = said.reindex(snapshots.rows["outcome_id"].astype("int64"))[list(SAID)].set_axis(snapshots.rows.index)
    keys, rest = list(KEYS), snapshots.rows.columns.difference(list(KEYS), sort=False)
    return replace(snapshots, rows=pd.concat([snapshots.rows[keys], of_rows, snapshots.rows[rest]], axis=1))


def _n_said(rows: pd.DataFrame) -> dict[str, int]:
    if "said_by" not in rows:
        return {}
    by = rows["said_by"].value_counts()
    return {
        "file": int(by.get("file", 0)),
        "staff": int(by.get("staff", 0)),
        "corrections": int(rows["is_correction"].sum()),
    }


def freeze(snapshots: Snapshots, *, institution: Institution, horizon_days: int, now: dt.datetime) -> Dataset:
    """Keep the rows under the hash of their bytes; the same rows are the same dataset."""
    table = pa.Table.from_pandas(snapshots.rows, preserve_index=False)
    # The file says itself what its columns are: a training from it asks nothing of the records as they are by then.
    about = {"schema": SCHEMA, "features": [feature.as_json() for feature in snapshots.features]}
    content = BytesIO()
    pq.write_table(table.replace_schema_metadata({**table.schema.metadata, _ABOUT: json.dumps(about)}), content)
    digest = hashlib.sha256(content.getvalue()).hexdigest()
    stored_as = storage_name(institution, digest)
    # Also over a file of that name: were it damaged, no training could read it until somebody restored it.
    put(Path(default_storage.path(stored_as)), content.getvalue())
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
            "said": _n_said(snapshots.rows),
            "created_at": now,
        },
    )
    return dataset


def path(dataset: Dataset) -> Path:
    """Return where a dataset's Parquet file lies."""
    return Path(default_storage.path(dataset.stored_as))


def storage_name(institution: Institution, digest: str) -> str:
    """Return the name under which the portal keeps the dataset of a hash."""
    return f"datasets/{institution.slug}/{digest}.parquet"


def put(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all."""
    private_files.make_folder(path.parent)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".writing-", delete=False) as arriving:
        try:
            arriving.write(content)
            arriving.flush()
        except OSError:
            Path(arriving.name).unlink()
            raise
    # A temporary file is its owner's alone, and stays so: a dataset speaks of students.
    Path(arriving.name).replace(path)


def features_of(file: Path, digest: str) -> list[Feature]:
    """Return the features that a frozen file holds, after a look at every byte of it.

    :raises DatasetRefused: if the file is gone, is not the one of that hash, or was frozen by an older schema
    """
    name = f"The dataset {digest[:12]}"
    if not file.is_file():
        raise DatasetRefused(f"{name} is not at {file}. Restore the file, or name its folder with --from.")
    with file.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    if found != digest:
        raise DatasetRefused(f"{name} was changed: the bytes of {file} have the hash {found[:12]}. Restore the file.")
    about = _about(file)
    if about.get("schema") not in READABLE:
        raise DatasetRefused(
            f"{name} was frozen by another version of the portal (schema {about.get('schema', 0)}, now {SCHEMA}). "
            "Train it with that version, or freeze the records anew."
        )
    return [catalogue.from_json(fields) for fields in about["features"]]


def schema_of(file: Path) -> int:
    """Return the schema that a frozen file says it has; 0 where it says none."""
    return int(_about(file).get("schema", 0))


def _about(file: Path) -> dict[str, Any]:
    about: dict[str, Any] = json.loads((pq.read_metadata(file).metadata or {}).get(_ABOUT, b"{}"))
    return about
