"""A folder of frozen datasets that can be copied, kept for years, and trained from again.

datasets/SHA.parquet    the snapshots and labels that a model learns from
datasets/SHA.json       the manifest: every hash, the code, the days
datasets/SHA.yaml       the training's configuration
uploads/KIND-SHA.parquet    the rows of each uploaded file, typed
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accounts.models import Institution
from modeling.models import Dataset
from modeling.training import code_version, dataset_versions, datasets
from modeling.training.dataset_versions import Frozen
from modeling.training.datasets import DatasetRefused
from students.uploads.upload_parquet import KindFile

FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class FrozenFile:
    """One upload's rows in the folder: what was uploaded, and its files by kind."""

    public_id: str
    filename: str
    content_sha256: str
    merged_at: dt.datetime | None
    kinds: Sequence[KindFile]


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A dataset of a folder, known to the portal again, and the configuration that lay beside it."""

    dataset: Dataset
    config_yaml: str


def write(folder: Path, *, frozen: Frozen, config_yaml: str, uploads: Sequence[FrozenFile], now: dt.datetime) -> Path:
    """Copy a dataset into a folder, with its configuration and its manifest; return the manifest's path."""
    dataset = frozen.dataset
    files = _files(folder, dataset.content_sha256)
    datasets.features_of(datasets.path(dataset), dataset.content_sha256)
    datasets.put(files.data, datasets.path(dataset).read_bytes())
    datasets.put(files.config, config_yaml.encode())
    manifest = {
        "format": FORMAT,
        "institution": dataset.institution.slug,
        "frozen_at": now.isoformat(),
        "known_by": frozen.known_by.isoformat(),
        "code_version": code_version.commit(),
        "libraries": code_version.libraries(),
        "training_config_sha256": hashlib.sha256(config_yaml.encode()).hexdigest(),
        "dataset": {
            "sha256": dataset.content_sha256,
            "schema": datasets.schema_of(datasets.path(dataset)),
            "snapshot_dates": [day.isoformat() for day in dataset.snapshot_dates],
            **{name: getattr(dataset, name) for name in _COPIED},
            "said": dataset.said,
        },
        "uploads": [_told(upload) for upload in uploads],
    }
    datasets.put(files.manifest, json.dumps(manifest, indent=2, ensure_ascii=False).encode() + b"\n")
    return files.manifest


def restore(folder: Path, digest: str, *, institution: Institution, now: dt.datetime) -> Restored:
    """Bring a dataset of a folder back into the portal's own files, byte for byte.

    :raises DatasetRefused: if the folder lacks it, if its bytes changed, if an older schema froze it, or if it is
        another institution's
    """
    manifest = _manifest(folder, digest)
    about, whole = manifest["dataset"], manifest["dataset"]["sha256"]
    if manifest["institution"] != institution.slug:
        raise DatasetRefused(f"The dataset {whole[:12]} belongs to {manifest['institution']}, not {institution.slug}.")
    files = _files(folder, whole)
    datasets.features_of(files.data, whole)
    dataset, _is_new = Dataset.objects.get_or_create(
        institution=institution,
        content_sha256=whole,
        defaults={
            "stored_as": datasets.storage_name(institution, whole),
            "snapshot_dates": [dt.date.fromisoformat(day) for day in about["snapshot_dates"]],
            "created_at": now,
            **{name: about[name] for name in _COPIED},
            # Folders of older versions of the portal do not tell.
            "said": about.get("said", {}),
        },
    )
    datasets.put(datasets.path(dataset), files.data.read_bytes())
    config_yaml = files.config.read_text(encoding="utf-8") if files.config.is_file() else ""
    return Restored(dataset=dataset, config_yaml=config_yaml)


def known_uploads(folder: Path) -> dict[str, list[KindFile]]:
    """Return the files of uploads that earlier manifests name and that are still there, by the upload's public id."""
    known: dict[str, list[KindFile]] = {}
    for path in sorted(folder.glob("datasets/*.json")):
        for upload in json.loads(path.read_text(encoding="utf-8"))["uploads"]:
            kinds = [KindFile(path=folder / kind.pop("file"), **kind) for kind in upload["kinds"]]
            if all(kind.path.is_file() for kind in kinds):
                known[upload["public_id"]] = kinds
    return known


@dataclass(frozen=True, kw_only=True)
class _Files:
    data: Path
    manifest: Path
    config: Path


_COPIED = ("horizon_days", "n_rows", "n_students", "n_positive", "censored")


def _files(folder: Path, digest: str) -> _Files:
    stem = folder / "datasets" / digest
    return _Files(
        data=stem.with_suffix(".parquet"), manifest=stem.with_suffix(".json"), config=stem.with_suffix(".yaml")
    )


def _manifest(folder: Path, digest: str) -> dict[str, Any]:
    dataset_versions.check_hash(digest)
    found = sorted((folder / "datasets").glob(f"{digest}*.json"))
    if len(found) != 1:
        known = ", ".join(path.stem[:12] for path in sorted((folder / "datasets").glob("*.json"))) or "none"
        raise DatasetRefused(f"{folder} holds no one dataset {digest}. It holds: {known}.")
    manifest: dict[str, Any] = json.loads(found[0].read_text(encoding="utf-8"))
    if manifest.get("format") != FORMAT:
        raise DatasetRefused(f"{found[0]} was written by another version of the portal. Restore it with that version.")
    return manifest


def _told(upload: FrozenFile) -> dict[str, Any]:
    return {
        "public_id": upload.public_id,
        "filename": upload.filename,
        "sha256": upload.content_sha256,
        "merged_at": upload.merged_at.isoformat() if upload.merged_at else None,
        "kinds": [
            {"kind": kind.kind, "file": f"uploads/{kind.path.name}", "sha256": kind.sha256, "n_rows": kind.n_rows}
            for kind in upload.kinds
        ],
    }
