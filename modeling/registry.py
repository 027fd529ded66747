"""The only door to MLflow, and the only reader of model files: a hash is checked before a byte is parsed.

Which version decides is a row in Postgres; MLflow keeps copies, runs and aliases for people to look at, and may be
away without anybody noticing.
"""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from accounts.models import Institution, User
from modeling.models import ModelVersion

if TYPE_CHECKING:
    from modeling.core.risk_model import RiskModel

logger = logging.getLogger(__name__)

CHAMPION = "champion"


class NoChampion(Exception):
    """The institution has no model yet."""


class ModelFileChanged(Exception):
    """A stored model is not, byte for byte, what was registered."""


def fingerprint(booster_text: str, specification_json: str) -> str:
    """Return the SHA-256 over both halves of a model, byte for byte as they are stored."""
    return hashlib.sha256(booster_text.encode() + b"\0" + specification_json.encode()).hexdigest()


def champion() -> ModelVersion:
    """Return the version that decides at the institution in scope, without its booster.

    :raises NoChampion: if none was trained yet
    """
    version = ModelVersion.objects.defer("booster_text").filter(is_champion=True).first()
    if version is None:
        raise NoChampion("No model has been trained yet.")
    return version


def load(version: ModelVersion) -> RiskModel:
    """Return a version's model, ready to score; each process parses a version once.

    :raises ModelFileChanged: if what is stored is not what was registered
    """
    return _parsed(version.pk, version.sha256)


@functools.lru_cache(maxsize=8)
def _parsed(pk: int, sha256: str) -> RiskModel:
    from modeling.core.risk_model import RiskModel  # brings LightGBM, at the first prediction and no sooner

    stored = ModelVersion.objects.only("booster_text", "specification_json").get(pk=pk)
    if fingerprint(stored.booster_text, stored.specification_json) != sha256:
        raise ModelFileChanged(f"Model version {pk} does not match its SHA-256 and was not loaded.")
    return RiskModel.from_text(stored.booster_text, stored.specification)


@transaction.atomic
def register(*, institution: Institution, by: User | None, now: dt.datetime, **fields: Any) -> ModelVersion:
    """Add a version under the next number. The first one decides at once; later ones wait to be promoted."""
    # The institution's row is locked, so that two trainings at once do not take the same number.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    newest = ModelVersion.objects.aggregate(newest=Max("number"))["newest"] or 0
    is_first = not ModelVersion.objects.filter(is_champion=True).exists()
    return ModelVersion.objects.create(
        institution=institution,
        number=newest + 1,
        sha256=fingerprint(fields["booster_text"], fields["specification_json"]),
        trained_at=now,
        trained_by=by,
        is_champion=is_first,
        promoted_at=now if is_first else None,
        promoted_by=by if is_first else None,
        **fields,
    )


@transaction.atomic
def promote(*, version: ModelVersion, by: User | None, now: dt.datetime) -> None:
    """Let a version decide from the next list on, in place of the champion."""
    Institution.objects.select_for_update(no_key=True).get(pk=version.institution_id)
    ModelVersion.objects.filter(is_champion=True).exclude(pk=version.pk).update(is_champion=False)
    ModelVersion.objects.filter(pk=version.pk).update(is_champion=True, promoted_at=now, promoted_by=by)
    transaction.on_commit(functools.partial(mirror_champion, version))


def model_name(institution: Institution) -> str:
    """Return the name of the institution's model in MLflow."""
    return f"dropout-{institution.slug}"


def log_run(*, version: ModelVersion, parameters: dict[str, Any], tags: dict[str, str]) -> str:
    """Copy a version's parameters, figures and files to MLflow; return the run's id, or "" where MLflow is away."""
    if not settings.MLFLOW_TRACKING_URI:
        return ""
    try:
        return _log(version, parameters, tags)
    except _away():
        logger.exception("MLflow could not be reached; model %s was registered without it", version.pk)
        return ""


def mirror_champion(version: ModelVersion) -> None:
    """Point MLflow's alias at the version that decides; a promotion does not wait for it."""
    if not (settings.MLFLOW_TRACKING_URI and version.mlflow_run_id):
        return
    try:
        client, name = _client(), model_name(version.institution)
        for found in client.search_model_versions(f"run_id = '{version.mlflow_run_id}'"):
            client.set_registered_model_alias(name, CHAMPION, found.version)
    except _away():
        logger.exception("MLflow's alias could not be moved to model %s", version.pk)


def _away() -> tuple[type[Exception], ...]:
    """Return what is raised where MLflow, or the database it keeps its runs in, is away."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    return MlflowException, SQLAlchemyError, OSError


def _client() -> Any:
    from mlflow import MlflowClient
    from sqlalchemy import NullPool, create_engine

    uri = settings.MLFLOW_TRACKING_URI
    if uri.startswith("postgresql"):
        # Asked once here: MLflow asks a database that is away ten times, for nearly two minutes.
        create_engine(uri, poolclass=NullPool).connect().close()
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


def _log(version: ModelVersion, parameters: dict[str, Any], tags: dict[str, str]) -> str:
    from mlflow.exceptions import MlflowException

    client, name = _client(), model_name(version.institution)
    experiment = client.get_experiment_by_name(name)
    artifacts = Path(settings.MLFLOW_ARTIFACTS_DIR) / name
    experiment_id = (
        experiment.experiment_id if experiment else client.create_experiment(name, artifact_location=artifacts.as_uri())
    )
    run = client.create_run(experiment_id, run_name=str(version), tags=tags)
    for key, value in parameters.items():
        client.log_param(run.info.run_id, key, value)
    for who, figures in version.metrics.items():
        for metric, value in figures.items() if isinstance(figures, dict) else ():
            if isinstance(value, int | float):
                client.log_metric(run.info.run_id, f"{who}.{metric}", value)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "model.lgb").write_text(version.booster_text, encoding="utf-8")
        (Path(folder) / "model.json").write_text(version.specification_json, encoding="utf-8")
        client.log_artifacts(run.info.run_id, folder, "model")
    try:
        client.create_registered_model(name)
    except MlflowException:
        logger.debug("the registered model %s is there already", name)
    registered = client.create_model_version(name, source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    if version.is_champion:
        client.set_registered_model_alias(name, CHAMPION, registered.version)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)
