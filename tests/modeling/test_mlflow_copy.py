"""MLflow holds a copy for people to look at: text and JSON, figures, tags, an alias; nothing depends on it."""

import pytest
from django.conf import settings
from django.utils import timezone

from modeling import registry, training_config
from modeling.models import ModelVersion
from tests.district_in_database import SILENT_MLFLOW

SILENT_DATABASE = "postgresql+psycopg://nobody@/mlflow?host=/nowhere"
# MLflow's own tables use what SQLAlchemy 2.1 calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A folder for runs and files, made once: the tables take seconds."""
    return tmp_path_factory.mktemp("mlflow")


@pytest.fixture
def mlflow(store, monkeypatch):
    """The client that looks at the copies."""
    from mlflow import MlflowClient

    address = f"sqlite:///{store}/mlflow.db"
    monkeypatch.setattr(settings, "MLFLOW_TRACKING_URI", address)
    monkeypatch.setattr(settings, "MLFLOW_ARTIFACTS_DIR", str(store / "files"))
    return MlflowClient(tracking_uri=address, registry_uri=address)


def copied(version):
    """Log a version as a training does, and remember its run."""
    tags = {"data_sha256": version.dataset.content_sha256, "model_sha256": version.sha256}
    version.mlflow_run_id = registry.log_run(version=version, parameters=training_config.load().parameters(), tags=tags)
    version.save(update_fields=["mlflow_run_id"])
    return version


def aliased(mlflow, version):
    return mlflow.get_model_version_by_alias(registry.model_name(version.institution), "champion").run_id


def test_a_run_holds_parameters_figures_and_hashes(mlflow, at_riverside):
    version = copied(ModelVersion.objects.get(number=1))

    run = mlflow.get_run(version.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["trees.num_leaves"] == "8"
    assert run.data.params["snapshot_days"] == "10-15, 01-31, 04-15"
    assert run.data.metrics["model.roc_auc"] == pytest.approx(version.metrics["model"]["roc_auc"])
    assert {"logistic.brier", "rule.precision_at_10", "split.n_test"} <= set(run.data.metrics)
    assert run.data.tags["model_sha256"] == version.sha256
    assert run.data.tags["data_sha256"] == version.dataset.content_sha256


def test_the_files_are_text_and_json_and_nothing_else(mlflow, at_riverside, store):
    version = copied(ModelVersion.objects.get(number=1))

    of_run = next(store.glob(f"files/*/{version.mlflow_run_id}"))
    files = {path.name: path for path in of_run.rglob("*") if path.is_file()}
    assert set(files) == {"model.lgb", "model.json"}
    assert files["model.lgb"].read_text(encoding="utf-8") == version.booster_text
    assert files["model.json"].read_text(encoding="utf-8") == version.specification_json
    assert {entry.path for entry in mlflow.list_artifacts(version.mlflow_run_id)} == {"model"}


def test_the_alias_follows_the_champion(mlflow, at_riverside, mika, django_capture_on_commit_callbacks):
    first, second = (copied(version) for version in ModelVersion.objects.order_by("number"))
    before = aliased(mlflow, first)

    with django_capture_on_commit_callbacks(execute=True):
        registry.promote(version=second, by=mika, now=timezone.now())

    assert before == first.mlflow_run_id
    assert aliased(mlflow, first) == second.mlflow_run_id


@pytest.mark.parametrize("address", [SILENT_MLFLOW, SILENT_DATABASE])
def test_a_promotion_does_not_fail_with_mlflow(
    at_riverside, mika, monkeypatch, caplog, django_capture_on_commit_callbacks, address
):
    monkeypatch.setattr(settings, "MLFLOW_TRACKING_URI", address)
    waiting = ModelVersion.objects.get(number=2)
    waiting.mlflow_run_id = "known"

    with django_capture_on_commit_callbacks(execute=True):
        registry.promote(version=waiting, by=mika, now=timezone.now())

    assert registry.champion() == waiting
    assert "MLflow's alias could not be moved" in caplog.text
