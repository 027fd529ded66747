"""Input that no model can come from: a sentence on the run's row, and the model that decides as before."""

import errno
import hashlib
import json
import re
import tempfile

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from django.conf import settings
from django.core.files.storage import default_storage

from accounts import scope
from jobs import claims
from jobs.models import State
from modeling.models import Dataset, ModelVersion, TrainingRun
from modeling.training import datasets, training, training_requests
from tests.district_in_database import NOW

ASKED_AT = NOW.replace(year=2027)
FULL_DISK = "The disk is full. Nothing was changed. Make room, then train again."


def registered():
    return list(ModelVersion.objects.order_by("number").values_list("number", "sha256", "is_champion"))


@pytest.fixture
def champion(riverside, at_riverside):
    """The model that decides; when the test is over it still does, and no other was registered."""
    before = registered()
    yield ModelVersion.objects.select_related("dataset").get(is_champion=True)
    assert registered() == before


@pytest.fixture
def learned_from(champion):
    """What the model that decides was trained on."""
    dataset = champion.dataset
    file = datasets.path(dataset)
    return datasets.Snapshots(
        rows=pd.read_parquet(file),
        features=datasets.features_of(file, dataset.content_sha256),
        censored={},
        dates=dataset.snapshot_dates,
    )


def frozen(institution, learned_from, **columns):
    """Freeze the same rows with some columns changed."""
    changed = datasets.Snapshots(
        rows=learned_from.rows.assign(**columns), features=learned_from.features, censored={}, dates=learned_from.dates
    )
    return datasets.freeze(changed, institution=institution, horizon_days=365, now=NOW)


def failed(institution, **asked):
    """Train as a worker does, and return the sentence on the row of the run."""
    run = training_requests.request(institution=institution, by=None, now=ASKED_AT, wakes=False, **asked)
    claims.run_job(job_id=run.job_id, work=training.train_model)
    with scope.entered(scope.of_institution(institution)):
        run = TrainingRun.objects.select_related("job").get(pk=run.pk)
    assert (run.job.state, run.model_version_id) == (State.FAILED, None)
    assert not (settings.FILES_DIR / "training" / str(run.job.public_id)).exists()
    return run.job.error


@pytest.mark.parametrize(("label", "counted"), [(0.0, r"there are 0 and \d+"), (1.0, r"\d+ who dropped out and 0 who")])
def test_one_class_only_is_counted(riverside, learned_from, label, counted):
    sentence = failed(riverside, dataset=frozen(riverside, learned_from, y=label))

    assert re.search(counted, sentence)


def test_twelve_students_are_too_few(riverside, learned_from):
    few = learned_from.rows.drop_duplicates("student_id").groupby("y").head(6)
    learned = datasets.Snapshots(rows=few, features=learned_from.features, censored={}, dates=learned_from.dates)

    sentence = failed(riverside, dataset=frozen(riverside, learned))

    assert re.search(r"at least \d+ .*, got \d+", sentence)


@pytest.mark.parametrize("value", [np.nan, 1.0])
def test_features_that_are_all_missing_or_constant_are_named_so(riverside, learned_from, value):
    empty = {
        feature.name: None if feature.kind == "category" and np.isnan(value) else value
        for feature in learned_from.features
    }

    sentence = failed(riverside, dataset=frozen(riverside, learned_from, **empty))

    assert sentence == "No feature varies among the training rows: all are missing or constant."


@pytest.mark.parametrize(
    ("written", "sentence"),
    [
        ("lerning_rate: 0.1\n", '"lerning_rate" is not a setting of a training. Remove it or correct its spelling.'),
        ("seed: 1\n", 'the key "seed" stands twice.'),
        ("trees: [\n", "The training configuration is not valid YAML."),
    ],
)
def test_a_configuration_with_a_typo_is_named(riverside, champion, written, sentence):
    assert sentence in failed(riverside, config_yaml=champion.config_yaml + written)


def test_a_dataset_of_an_older_schema_is_refused(riverside, champion):
    table = pq.read_table(datasets.path(champion.dataset))
    about = json.loads(table.schema.metadata[b"dropout_portal"]) | {"schema": 1}
    stored_as = datasets.storage_name(riverside, "older")
    pq.write_table(
        table.replace_schema_metadata({b"dropout_portal": json.dumps(about)}), default_storage.path(stored_as)
    )
    digest = hashlib.sha256((settings.FILES_DIR / stored_as).read_bytes()).hexdigest()
    older = Dataset.objects.get(pk=champion.dataset_id)
    older.pk, older.content_sha256, older.stored_as = None, digest, stored_as
    older.save()

    sentence = failed(riverside, dataset=older)

    assert "was frozen by another version of the portal (schema 1, now 3)" in sentence


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda path: path.unlink(), "Restore the file, or name its folder with --from."),
        (lambda path: path.write_bytes(path.read_bytes()[:-1] + b"!"), "was changed: the bytes of"),
        (lambda path: path.write_bytes(b""), "was changed: the bytes of"),
    ],
    ids=["deleted", "changed", "emptied"],
)
def test_a_dataset_whose_file_is_not_what_was_frozen_is_refused(riverside, learned_from, spoil, sentence):
    dataset = frozen(riverside, learned_from, helped=False)
    spoil(datasets.path(dataset))

    said = failed(riverside, dataset=dataset)

    assert said.startswith(f"The dataset {dataset.content_sha256[:12]} ")
    assert sentence in said


@pytest.mark.parametrize(
    "file",
    ["model.lgb", *(pytest.param(name, marks=pytest.mark.slow) for name in ("trial.parquet", "evaluation.json"))],
)
def test_a_disk_that_is_full_while_the_model_is_written_is_told_so(riverside, champion, monkeypatch, file):
    write_task = training.write_task

    def with_no_room_for_the_file(folder, **task):
        write_task(folder, **task)
        # Linux: whatever is written there meets a full disk.
        (folder / file).symlink_to("/dev/full")

    monkeypatch.setattr(training, "write_task", with_no_room_for_the_file)

    assert failed(riverside, dataset=champion.dataset) == FULL_DISK


def test_a_disk_that_is_full_while_the_dataset_is_frozen_leaves_no_half_of_it(riverside, champion, monkeypatch):
    folder = datasets.path(champion.dataset).parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    make_file = tempfile.NamedTemporaryFile

    def full(*args, **kwargs):
        made = make_file(*args, **kwargs)
        if kwargs.get("prefix") == ".writing-":
            made.write(b"half")
            made.write = no_room
        return made

    monkeypatch.setattr(datasets.tempfile, "NamedTemporaryFile", full)

    assert failed(riverside) == FULL_DISK
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_disk_without_room_for_the_work_at_all_is_told_so(riverside, champion, monkeypatch):
    monkeypatch.setattr(training.Path, "mkdir", no_room)

    assert failed(riverside, dataset=champion.dataset) == FULL_DISK


def no_room(*args, **kwargs):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_else_the_disk_refuses_is_our_fault_and_passes(riverside, champion, monkeypatch):
    def broken(*args, **kwargs):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(training, "write_task", broken)

    with pytest.raises(OSError, match="Input/output error"):
        failed(riverside, dataset=champion.dataset)

    assert TrainingRun.objects.select_related("job").first().job.error == claims.FAILURE


def test_of_two_trainings_at_once_the_second_leads_to_the_first(riverside, champion, monkeypatch):
    asked = []

    def meanwhile(folder, *, on_progress):
        second = training_requests.request(institution=riverside, by=None, now=ASKED_AT.replace(hour=13), wakes=False)
        claims.run_job(job_id=second.job_id, work=lambda claim: asked.append("worked on twice"))
        asked.append(second.pk)
        raise claims.Refused("Stopped here.")

    monkeypatch.setattr(training, "fit", meanwhile)

    sentence = failed(riverside, dataset=champion.dataset)

    assert sentence == "Stopped here."
    assert asked == [TrainingRun.objects.first().pk]
