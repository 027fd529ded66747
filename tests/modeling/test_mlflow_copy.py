"""MLflow holds a copy for people to look at: text and JSON, figures, tags, aliases; nothing depends on it."""

import json

import pytest
from django.conf import settings
from django.utils import timezone

from modeling import registry
from modeling.models import ModelVersion
from modeling.promotion import promotion
from modeling.registry import mlflow_copy
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


@pytest.fixture
def copied(mlflow, at_riverside, riverside):
    """Both versions of Riverside, copied."""
    assert mlflow_copy.catch_up(riverside)
    return list(ModelVersion.objects.order_by("number"))


def aliases(mlflow, institution):
    """Return which run each alias leads to."""
    name = mlflow_copy.model_name(institution)
    held = mlflow.get_registered_model(name).aliases
    return {alias: mlflow.get_model_version_by_alias(name, alias).run_id for alias in held}


@pytest.mark.slow
def test_a_run_holds_parameters_figures_and_hashes(mlflow, copied):
    version = copied[0]

    run = mlflow.get_run(version.mlflow_run_id)
    assert run.info.status == "FINISHED"
    assert run.data.params["trees.num_leaves"] == "8"
    assert run.data.params["snapshot_days"] == "10-15, 01-31, 04-15"
    assert run.data.metrics["model.roc_auc"] == pytest.approx(version.metrics["model"]["roc_auc"])
    assert {"logistic.brier", "rule.precision_at_10", "split.n_test"} <= set(run.data.metrics)
    assert run.data.tags["model_sha256"] == version.sha256
    assert run.data.tags["data_sha256"] == version.dataset.content_sha256
    assert run.data.tags["git_commit"] == version.code_version


def test_figures_of_the_evaluation_go_along_under_flat_names():
    version = ModelVersion(
        metrics={"model": {"roc_auc": 0.9}, "split": {"kind": "temporal"}},
        evaluation={
            "intervals": {"model": {"roc_auc": [0.85, 0.94]}},
            "lift": {"over_rule": {"capacity": 1.5}},
            "gaps": [{"attribute": "gender & origin", "measure": "recall_at_capacity", "gap": 0.1}],
            "curves": {"model": {"roc": {"x": [0, 1], "y": [0, 1]}}},
        },
    )

    assert mlflow_copy.figures(version) == {
        "model.roc_auc": 0.9,
        "intervals.model.roc_auc.low": 0.85,
        "intervals.model.roc_auc.high": 0.94,
        "lift.over_rule.capacity": 1.5,
        "gap.gender _ origin.recall_at_capacity": 0.1,
    }


@pytest.mark.slow
def test_the_files_are_text_and_nothing_of_a_student_is_among_them(mlflow, copied, store):
    version = copied[0]

    of_run = next(store.glob(f"files/*/{version.mlflow_run_id}/artifacts"))
    files = {path.relative_to(of_run).as_posix(): path for path in of_run.rglob("*") if path.is_file()}
    assert {name for name in files if name.startswith("model/")} == {"model/model.lgb", "model/model.json"}
    assert files["model/model.lgb"].read_text(encoding="utf-8") == version.booster_text
    assert files["model/model.json"].read_text(encoding="utf-8") == version.specification_json
    assert not [name for name in files if name.endswith((".parquet", ".csv", ".pkl")) or "example" in name]
    assert "student_id" not in json.dumps(json.loads(version.specification_json))


@pytest.mark.slow
def test_a_second_round_copies_nothing_again(mlflow, copied, riverside):
    mlflow_copy.catch_up(riverside)

    again = list(ModelVersion.objects.order_by("number").values_list("mlflow_run_id", flat=True))
    assert again == [version.mlflow_run_id for version in copied]


@pytest.mark.slow
def test_the_aliases_follow_who_decides_and_who_waits(mlflow, copied, riverside, mika):
    first, second = copied
    before = aliases(mlflow, riverside)

    promotion.promote(version=second, by=mika, now=timezone.now(), gate=[])
    mlflow_copy.catch_up(riverside)

    assert before == {"champion": first.mlflow_run_id, "challenger": second.mlflow_run_id}
    assert aliases(mlflow, riverside) == {"champion": second.mlflow_run_id}


@pytest.mark.parametrize("address", [SILENT_MLFLOW, SILENT_DATABASE])
def test_a_promotion_asks_mlflow_nothing_and_the_round_after_it_waits_for_a_better_day(
    at_riverside, riverside, mika, monkeypatch, caplog, django_capture_on_commit_callbacks, address
):
    monkeypatch.setattr(settings, "MLFLOW_TRACKING_URI", address)
    challenger = registry.challenger()

    with django_capture_on_commit_callbacks(execute=True) as asked:
        promotion.promote(version=challenger, by=mika, now=timezone.now(), gate=[])

    assert (asked, registry.champion()) == ([], challenger)
    assert not mlflow_copy.catch_up(riverside)
    assert "MLflow could not be reached" in caplog.text
    assert set(ModelVersion.objects.values_list("mlflow_run_id", flat=True)) == {""}


@pytest.mark.slow
def test_what_was_missed_while_mlflow_was_away_is_made_up_for(at_riverside, riverside, mlflow, monkeypatch):
    address = settings.MLFLOW_TRACKING_URI
    monkeypatch.setattr(settings, "MLFLOW_TRACKING_URI", SILENT_MLFLOW)
    mlflow_copy.catch_up_everywhere()
    missed = set(ModelVersion.objects.values_list("mlflow_run_id", flat=True))
    monkeypatch.setattr(settings, "MLFLOW_TRACKING_URI", address)

    mlflow_copy.catch_up(riverside)

    assert missed == {""}
    assert all(ModelVersion.objects.values_list("mlflow_run_id", flat=True))
    assert set(aliases(mlflow, riverside)) == {"champion", "challenger"}
