"""What a model learned from can be frozen in a folder, carried away, and learned from again to the same figures."""

import datetime as dt
import hashlib
import json
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
import yaml
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import scope
from modeling.models import Dataset, ModelVersion
from modeling.training import datasets, dvc, training_requests
from students.models import Outcome, Upload
from tests.district_in_database import COHORT_SIZE, NOW

BESIDE = Path(sys.executable).with_name("dvc")
DVC = str(BESIDE) if BESIDE.is_file() else shutil.which("dvc")
needs_dvc = pytest.mark.skipif(DVC is None, reason="DVC is not installed")


def run(command, institution, **options):
    """Run a command and return the object it prints."""
    printed = StringIO()
    call_command(command, institution=institution.slug, json=True, stdout=printed, **options)
    return json.loads(printed.getvalue().splitlines()[-1])


@pytest.fixture(autouse=True)
def without_mlflow(settings):
    """MLflow has tests of its own."""
    settings.MLFLOW_TRACKING_URI = ""


@pytest.fixture
def first(at_riverside):
    return ModelVersion.objects.select_related("dataset").get(number=1)


@pytest.fixture
def folder(riverside, first, tmp_path):
    """A folder with the dataset that the first model learned from."""
    frozen = run("freeze_dataset", riverside, to=str(tmp_path))
    assert frozen["dataset"] == first.dataset.content_sha256
    return tmp_path


@pytest.fixture
def is_lost(first):
    """The portal's own file of that dataset is gone; other tests find it again."""
    path = datasets.path(first.dataset)
    content = path.read_bytes()
    path.unlink()
    yield
    path.write_bytes(content)


def data_in(folder):
    [path] = folder.glob("datasets/*.parquet")
    return path


def test_the_manifest_says_what_was_frozen_when_and_by_what(riverside, first, folder):
    digest = first.dataset.content_sha256

    manifest = json.loads((folder / "datasets" / f"{digest}.json").read_text(encoding="utf-8"))

    config = (folder / "datasets" / f"{digest}.yaml").read_bytes()
    assert hashlib.sha256(data_in(folder).read_bytes()).hexdigest() == manifest["dataset"]["sha256"] == digest
    assert manifest["training_config_sha256"] == hashlib.sha256(config).hexdigest()
    assert manifest["dataset"]["snapshot_dates"] == [day.isoformat() for day in first.dataset.snapshot_dates]
    assert (manifest["dataset"]["n_rows"], manifest["dataset"]["horizon_days"]) == (first.dataset.n_rows, 365)
    assert manifest["institution"] == "riverside"
    assert manifest["code_version"]
    assert dt.date.fromisoformat(manifest["known_by"]) > max(first.dataset.snapshot_dates)


def test_freezing_twice_writes_the_same_bytes(riverside, folder):
    before = data_in(folder).read_bytes()

    run("freeze_dataset", riverside, to=str(folder))

    assert data_in(folder).read_bytes() == before


@pytest.mark.slow
def test_an_old_dataset_is_restored_by_its_hash_and_trains_to_identical_figures(riverside, first, folder, is_lost):
    for outcome in Outcome.objects.filter(kind="dropped_out", corrected_by=None).order_by("pk")[:10]:
        kept = {"student": outcome.student, "happened_on": outcome.happened_on, "known_on": outcome.known_on}
        Outcome.objects.create(institution=riverside, kind="transferred", corrects=outcome, recorded_at=NOW, **kept)

    today = run("train_model", riverside)
    again = run("train_model", riverside, dataset=first.dataset.content_sha256[:12], folder=str(folder))

    assert today["dataset"] != first.dataset.content_sha256
    assert today["metrics"] != first.metrics
    assert again["dataset"] == first.dataset.content_sha256
    assert again["metrics"] == first.metrics
    assert again["sha256"] == first.sha256
    assert datasets.path(first.dataset).read_bytes() == data_in(folder).read_bytes()


@pytest.mark.slow
def test_a_dataset_that_the_portal_still_has_needs_no_folder(riverside, first):
    again = run("train_model", riverside, dataset=first.dataset.content_sha256)

    assert (again["metrics"], again["sha256"]) == (first.metrics, first.sha256)


@pytest.mark.slow
def test_a_dataset_unknown_to_the_database_is_known_again(lakeside, tmp_path):
    run("freeze_dataset", lakeside, to=str(tmp_path))
    with scope.entered(scope.of_institution(lakeside)):
        version = ModelVersion.objects.get()
        before = Dataset.objects.values(*COMPARED).get(pk=version.dataset_id)
        Dataset.objects.filter(pk=version.dataset_id).update(content_sha256="0" * 64)

    again = run("train_model", lakeside, dataset=data_in(tmp_path).stem, folder=str(tmp_path))

    with scope.entered(scope.of_institution(lakeside)):
        assert Dataset.objects.values(*COMPARED).get(content_sha256=again["dataset"]) == before
    assert again["metrics"] == version.metrics


COMPARED = ("content_sha256", "stored_as", "snapshot_dates", "horizon_days", "n_rows", "n_students", "censored")


@pytest.mark.slow
def test_the_configuration_beside_the_dataset_is_the_one_that_counts(riverside, folder):
    [config] = folder.glob("datasets/*.yaml")
    written = yaml.safe_load(config.read_text(encoding="utf-8"))
    config.write_text(yaml.safe_dump(written | {"seed": written["seed"] + 1}), encoding="utf-8")

    run("train_model", riverside, dataset=data_in(folder).stem, folder=str(folder))

    assert ModelVersion.objects.order_by("-number").first().seed == written["seed"] + 1


def test_changed_bytes_are_refused(riverside, folder):
    path = data_in(folder)
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(CommandError, match=r"The dataset \w{12} was changed: the bytes of .* Restore the file\."):
        run("train_model", riverside, dataset=path.stem, folder=str(folder))


def test_a_dataset_of_an_older_schema_is_refused(riverside, folder):
    path = data_in(folder)
    pd.read_parquet(path).to_parquet(path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    manifest = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    manifest["dataset"]["sha256"] = digest
    older = path.with_name(f"{digest}.parquet")
    older.with_suffix(".json").write_text(json.dumps(manifest), encoding="utf-8")
    path.rename(older)

    with pytest.raises(CommandError, match=r"was frozen by another version of the portal \(schema 0, now 3\)"):
        run("train_model", riverside, dataset=digest, folder=str(folder))


def test_a_dataset_of_another_institution_is_refused(lakeside, folder):
    with pytest.raises(CommandError, match="belongs to riverside, not lakeside"):
        run("train_model", lakeside, dataset=data_in(folder).stem, folder=str(folder))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"dataset": "abc"}, '"abc" is no hash'),
        ({"dataset": "0123456789abcdef"}, "No dataset 0123456789abcdef was frozen here"),
        ({"folder": "."}, "Say with --dataset which one"),
    ],
)
def test_what_names_no_dataset_is_told(riverside, options, sentence):
    with pytest.raises(CommandError, match=sentence):
        run("train_model", riverside, **options)


def test_a_folder_without_it_says_what_it_holds(riverside, folder):
    with pytest.raises(CommandError, match=f"It holds: {data_in(folder).stem[:12]}"):
        run("train_model", riverside, dataset="0123456789abcdef", folder=str(folder))


def test_another_training_under_way_is_not_taken_for_this_one(riverside, first):
    with scope.entered(scope.of_institution(riverside)):
        training_requests.request(institution=riverside, by=None, now=timezone.now(), wakes=False)

    with pytest.raises(CommandError, match="Another training of this institution is under way"):
        run("train_model", riverside, dataset=first.dataset.content_sha256)


def test_the_uploads_lie_beside_it_as_typed_rows(lakeside, tmp_path):
    run("freeze_dataset", lakeside, to=str(tmp_path))

    [manifest] = [json.loads(path.read_text(encoding="utf-8")) for path in tmp_path.glob("datasets/*.json")]
    [upload] = manifest["uploads"]
    kinds = {kind["kind"]: kind for kind in upload["kinds"]}
    with scope.entered(scope.of_institution(lakeside)):
        assert upload["sha256"] == Upload.objects.get().content_sha256
    assert kinds["students"]["n_rows"] == COHORT_SIZE
    for kind in kinds.values():
        path = tmp_path / kind["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == kind["sha256"]
        assert pq.read_metadata(path).num_rows == kind["n_rows"]
    assert str(pq.read_schema(tmp_path / kinds["outcomes"]["file"]).field("happened_on").type) == "date32[day]"


def test_an_upload_frozen_before_is_not_written_again(lakeside, tmp_path):
    run("freeze_dataset", lakeside, to=str(tmp_path))
    written = {path: path.stat().st_mtime_ns for path in tmp_path.glob("uploads/*")}

    run("freeze_dataset", lakeside, to=str(tmp_path))

    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("uploads/*")} == written


def test_names_stay_at_home_where_only_the_dataset_is_asked_for(lakeside, tmp_path):
    frozen = run("freeze_dataset", lakeside, to=str(tmp_path), without_uploads=True)

    assert frozen["n_uploads"] == 0
    assert not (tmp_path / "uploads").exists()
    assert not {"given_name", "family_name", "external_id"} & set(pq.read_schema(data_in(tmp_path)).names)


def test_without_dvc_the_command_says_what_to_install(riverside, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))

    with pytest.raises(CommandError, match=r'pip install "dropout-portal\[dvc\]"'):
        run("freeze_dataset", riverside, to=str(tmp_path), dvc=True)


def test_the_stage_of_dvc_trains_from_the_dataset_and_its_configuration():
    stage = yaml.safe_load(dvc.stages(institution_slug="riverside", digest="abc"))["stages"]["train"]

    assert stage["cmd"].startswith("${python} ${portal}/manage.py train_model --institution riverside --dataset abc ")
    assert stage["deps"] == ["datasets/abc.parquet", "datasets/abc.yaml"]


@needs_dvc
@pytest.mark.slow
def test_dvc_keeps_the_files_and_brings_them_back(lakeside, tmp_path):
    folder, remote = tmp_path / "frozen", tmp_path / "remote"
    run("freeze_dataset", lakeside, to=str(folder), dvc=True)
    before = {path: path.read_bytes() for path in folder.glob("*/*.parquet")}

    for arguments in (["remote", "add", "--default", "store", str(remote)], ["push"]):
        subprocess.run([DVC, *arguments], cwd=folder, check=True, capture_output=True)
    shutil.rmtree(folder / ".dvc" / "cache")
    for path in before:
        path.unlink()
    subprocess.run([DVC, "pull"], cwd=folder, check=True, capture_output=True)

    assert {path: path.read_bytes() for path in folder.glob("*/*.parquet")} == before
    assert all(Path(f"{path}.dvc").is_file() for path in before)


@needs_dvc
@pytest.mark.slow
def test_dvc_finds_that_the_stage_is_to_be_run(lakeside, tmp_path):
    run("freeze_dataset", lakeside, to=str(tmp_path), dvc=True)

    told = subprocess.run([DVC, "repro", "--dry"], cwd=tmp_path, check=True, capture_output=True, text=True)

    assert "Running stage 'train'" in told.stdout
    assert f"train_model --institution lakeside --dataset {data_in(tmp_path).stem}" in told.stdout
