"""Copies versions, figures and aliases to MLflow, after the fact: whatever it missed while it was away is made up for.

Nothing is ever read back from there, and nobody waits for it. No row about a student is sent, nor an example of one.
"""

from __future__ import annotations

import contextlib
import logging
import re
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from accounts import scope
from accounts.models import Institution
from modeling.models import ModelVersion
from modeling.training import training_config

logger = logging.getLogger(__name__)

CHAMPION, CHALLENGER = "champion", "challenger"
# MLflow takes so many at once.
PARAMETERS_AT_ONCE, METRICS_AT_ONCE = 100, 1000
NOT_COPIED = Q(mlflow_run_id="")
ALIAS_IS_OLD = ~NOT_COPIED & (
    (Q(is_champion=True) & ~Q(mlflow_alias=CHAMPION))
    | (Q(is_challenger=True) & ~Q(mlflow_alias=CHALLENGER))
    | (Q(is_champion=False, is_challenger=False) & ~Q(mlflow_alias=""))
)
# Of an evaluation: what is a figure. Curves and groups are for the pages.
FIGURES = ("intervals", "confusion", "lift", "stability", "monotone_cost", "class_balance")


def catch_up_everywhere() -> None:
    """Copy what any institution's MLflow lacks."""
    for institution in Institution.objects.order_by("pk"):
        if not catch_up(institution):
            return


def catch_up(institution: Institution) -> bool:
    """Copy the versions that MLflow lacks, and move its aliases to where they should be; False if it is away."""
    if not settings.MLFLOW_TRACKING_URI or not _is_due(institution):
        return True
    with _alone(institution) as is_alone:
        if not is_alone:
            return True
        try:
            _copy_versions(institution)
            _mirror_aliases(institution)
        except _away() as error:
            logger.warning("MLflow could not be reached and will be told later: %s", error)
            return False
    return True


def model_name(institution: Institution) -> str:
    """Return the name of the institution's model in MLflow."""
    return f"dropout-{institution.slug}"


def _is_due(institution: Institution) -> bool:
    with scope.entered(scope.of_institution(institution)):
        return ModelVersion.objects.filter(NOT_COPIED | ALIAS_IS_OLD).exists()


@contextlib.contextmanager
def _alone(institution: Institution) -> Iterator[bool]:
    """Hold a lock of the database's, so that of a training and the clock only one copies; False if it is taken."""
    with connection.cursor() as cursor:
        key = ("modeling.mlflow_copy", institution.pk)
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s), %s)", key)
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s), %s)", key)


def _copy_versions(institution: Institution) -> None:
    with scope.entered(scope.of_institution(institution)):
        waiting = list(ModelVersion.objects.filter(NOT_COPIED).order_by("number").values_list("pk", flat=True))
    for pk in waiting:
        with scope.entered(scope.of_institution(institution)):
            version = ModelVersion.objects.select_related("dataset", "institution").get(pk=pk)
        run_id = _copy(version)
        with scope.entered(scope.of_institution(institution)):
            ModelVersion.objects.filter(pk=pk).update(mlflow_run_id=run_id)


def _mirror_aliases(institution: Institution) -> None:
    """Point MLflow's aliases at who decides and who waits; an alias that nobody holds is taken away."""
    with scope.entered(scope.of_institution(institution)):
        standing = list(ModelVersion.objects.only("is_champion", "is_challenger", "mlflow_run_id", "mlflow_alias"))
    if not any(_alias(version) != version.mlflow_alias for version in standing):
        return
    client, name = _client(), model_name(institution)
    for alias in (CHAMPION, CHALLENGER):
        run_id = next((version.mlflow_run_id for version in standing if _alias(version) == alias), "")
        found = client.search_model_versions(f"run_id = '{run_id}'") if run_id else []
        if found:
            client.set_registered_model_alias(name, alias, found[0].version)
        else:
            client.delete_registered_model_alias(name, alias)
    with scope.entered(scope.of_institution(institution)):
        for version in standing:
            ModelVersion.objects.filter(pk=version.pk).update(mlflow_alias=_alias(version))


def _alias(version: ModelVersion) -> str:
    if version.is_champion:
        return CHAMPION
    return CHALLENGER if version.is_challenger else ""


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


def _copy(version: ModelVersion) -> str:
    """Write one run with its parameters, figures and files, register it, and return its id."""
    from mlflow.exceptions import MlflowException

    client, name = _client(), model_name(version.institution)
    experiment = client.get_experiment_by_name(name)
    artifacts = Path(settings.MLFLOW_ARTIFACTS_DIR) / name
    experiment_id = (
        experiment.experiment_id if experiment else client.create_experiment(name, artifact_location=artifacts.as_uri())
    )
    run = client.create_run(experiment_id, run_name=str(version), tags=_tags(version))
    _log_figures(client, run.info.run_id, version)
    with tempfile.TemporaryDirectory() as folder:
        _write_files(version, Path(folder))
        client.log_artifacts(run.info.run_id, folder)
    try:
        client.create_registered_model(name)
    except MlflowException:
        logger.debug("the registered model %s is there already", name)
    client.create_model_version(name, source=f"{run.info.artifact_uri}/model", run_id=run.info.run_id)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _tags(version: ModelVersion) -> dict[str, str]:
    return {
        "version": str(version.number),
        "data_sha256": version.dataset.content_sha256,
        "model_sha256": version.sha256,
        "git_commit": version.code_version,
        **{f"library.{name}": number for name, number in version.library_versions.items()},
    }


def _log_figures(client: Any, run_id: str, version: ModelVersion) -> None:
    """Send parameters and figures by the hundred: one call for each would be a transaction for each."""
    from mlflow.entities import Metric, Param

    parameters = [Param(key, str(value)) for key, value in _parameters(version).items()]
    for start in range(0, len(parameters), PARAMETERS_AT_ONCE):
        client.log_batch(run_id, params=parameters[start : start + PARAMETERS_AT_ONCE])
    at = int(version.trained_at.timestamp() * 1000)
    metrics = [Metric(key, value, at, 0) for key, value in figures(version).items()]
    for start in range(0, len(metrics), METRICS_AT_ONCE):
        client.log_batch(run_id, metrics=metrics[start : start + METRICS_AT_ONCE])


def _parameters(version: ModelVersion) -> Mapping[str, Any]:
    if not version.config_yaml:
        return {}
    try:
        return training_config.TrainingConfig.from_yaml(version.config_yaml).parameters()
    except training_config.ConfigRefused:
        # Written for an older portal; the text itself is on the version's page.
        return {}


def figures(version: ModelVersion) -> dict[str, float]:
    """Return every figure of a version under a flat name, "model.roc_auc"."""
    flat: dict[str, float] = {}
    chosen = {name: version.evaluation[name] for name in FIGURES if name in version.evaluation}
    _flatten({**version.metrics, **chosen}, prefix="", into=flat)
    for gap in version.evaluation.get("gaps", []):
        if isinstance(gap.get("gap"), int | float):
            flat[_key(f"gap.{gap['attribute']}.{gap['measure']}")] = float(gap["gap"])
    return flat


def _flatten(tree: Any, *, prefix: str, into: dict[str, float]) -> None:
    if isinstance(tree, Mapping):
        for name, value in tree.items():
            _flatten(value, prefix=f"{prefix}.{name}" if prefix else str(name), into=into)
    elif isinstance(tree, list) and len(tree) == 2 and prefix.startswith("intervals"):
        for end, value in zip(("low", "high"), tree, strict=True):
            _flatten(value, prefix=f"{prefix}.{end}", into=into)
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        into[_key(prefix)] = float(tree)


def _key(name: str) -> str:
    """Return a name as MLflow allows it."""
    return re.sub(r"[^\w\-. /:]", "_", name)


def _write_files(version: ModelVersion, folder: Path) -> None:
    (folder / "model").mkdir()
    (folder / "model" / "model.lgb").write_text(version.booster_text, encoding="utf-8")
    (folder / "model" / "model.json").write_text(version.specification_json, encoding="utf-8")
    # Imported here: it brings matplotlib.
    from modeling.html_reports import comparison_report

    (folder / "report").mkdir()
    for name, written in comparison_report.files(version).items():
        (folder / "report" / name).write_text(written, encoding="utf-8")
