"""A registered model can be made again from what was kept of it, to the byte; where it cannot, the command says why."""

import json
from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs import claims
from modeling.models import ModelVersion, TrainingRun
from modeling.training import datasets, retraining, training, training_config, training_requests


@pytest.fixture
def first(at_riverside):
    return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def registered(version, **changes):
    """Register a copy of a version as model 77, with some of its fields changed: what is stored never changes."""
    fields = {field.attname: getattr(version, field.attname) for field in ModelVersion._meta.concrete_fields}
    kept = {name: value for name, value in fields.items() if name not in ("id", "is_champion", "is_challenger")}
    return ModelVersion.objects.create(**(kept | {"number": 77} | changes))


def retrain(run, **options):
    """Run the command and return the object it prints, and the refusal it ends with."""
    printed, refusal = StringIO(), ""
    try:
        call_command("retrain", run=str(run), json=True, stdout=printed, **options)
    except CommandError as error:
        refusal = str(error)
    return json.loads(printed.getvalue().splitlines()[-1] if printed.getvalue() else "{}"), refusal


@pytest.mark.slow
def test_a_training_repeated_gives_the_same_bytes_and_registers_nothing(first):
    run = TrainingRun.objects.get(model_version=first)
    before = list(ModelVersion.objects.values_list("pk", "sha256", "is_champion"))

    told, refusal = retrain(run.public_id)

    assert (told["is_same"], refusal) == (True, "")
    assert told["sha256"] == {"stored": first.sha256, "new": first.sha256}
    assert told["booster_sha256"]["stored"] == told["booster_sha256"]["new"]
    assert told["differs_in"] == []
    assert told["dataset"] == first.dataset.content_sha256
    assert list(ModelVersion.objects.values_list("pk", "sha256", "is_champion")) == before
    assert TrainingRun.objects.count() == len(before)
    assert not list((settings.FILES_DIR / "training").iterdir())


@pytest.mark.slow
def test_a_model_with_an_estimate_for_the_term_comes_out_the_same_too(riverside, first, settings):
    settings.MLFLOW_TRACKING_URI = ""
    written = training_config.text().replace("minimum_positives: 50", "minimum_positives: 20")
    run = training_requests.request(
        institution=riverside, by=None, now=timezone.now(), dataset=first.dataset, config_yaml=written, wakes=False
    )
    claims.run_job(job_id=run.job_id, work=training.train_model)

    told, refusal = retrain(run.public_id)

    version = ModelVersion.objects.get(training_run=run)
    assert version.specification["term"]["n_positive"] >= 20
    assert (told["is_same"], refusal) == (True, "")
    assert told["sha256"]["new"] == version.sha256


@pytest.mark.slow
def test_what_changed_since_is_named_where_the_bytes_differ(first):
    other = yaml.safe_load(first.config_yaml)
    other["trees"]["num_leaves"] += 3
    libraries = first.library_versions | {"lightgbm": "1.0"}
    registered(first, config_yaml=yaml.safe_dump(other), library_versions=libraries)

    told, refusal = retrain(77)

    assert (told["is_same"], refusal) == (False, "model 77 came out different.")
    assert told["booster_sha256"]["stored"] != told["booster_sha256"]["new"]
    assert "threshold" in told["differs_in"]
    assert "features" not in told["differs_in"]
    assert told["changed"]["lightgbm"][0] == "1.0"


def test_in_words_the_halves_and_what_changed_are_named(first):
    specification = json.loads(first.specification_json) | {"threshold": 0.123}

    compared = retraining.compare(first, booster_text=first.booster_text, specification_json=json.dumps(specification))

    assert not compared.is_same
    assert (compared.booster.is_same, compared.specification.is_same) == (True, False)
    assert compared.differs_in == ["threshold"]


def test_a_number_with_other_bytes_is_another_specification(first):
    written = first.specification_json.replace('"horizon_days": 365', '"horizon_days": 365.0')

    compared = retraining.compare(first, booster_text=first.booster_text, specification_json=written)

    assert "horizon_days" in compared.differs_in


def test_a_model_without_its_configuration_cannot_be_made_again(first):
    registered(first, config_yaml="")

    assert "before the portal kept the configuration" in retrain(77)[1]


def test_a_configuration_that_is_no_longer_understood_is_named(first):
    written = training_config.text().replace("holdout_share:", "hold_out:")
    registered(first, config_yaml=written)

    refusal = retrain(77)[1]

    assert refusal.startswith("model 77 cannot be trained again.")
    assert '"hold_out" is not a setting' in refusal


def test_a_model_that_is_not_what_was_registered_is_not_compared(first):
    registered(first, booster_text=first.booster_text + "\n")

    assert "does not match its SHA-256" in retrain(77)[1]


def test_a_dataset_that_is_gone_is_named(first):
    path = datasets.path(first.dataset)
    content = path.read_bytes()
    path.unlink()
    try:
        refusal = retrain(1, institution="riverside")[1]
    finally:
        path.write_bytes(content)

    assert f"The dataset {first.dataset.content_sha256[:12]} is not at" in refusal


def test_a_number_that_several_institutions_have_needs_the_institution(riverside, lakeside):
    assert "Several institutions have a model 1: lakeside, riverside." in retrain(1)[1]


@pytest.mark.parametrize("run", ["99", "0192f0c1-2b7a-7c3e-9d4f-5a6b7c8d9e0f", "newest"])
def test_what_no_training_or_model_is_called_is_said_so(riverside, run):
    assert retrain(run)[1].startswith(f'There is no training or model "{run}".')


def test_a_training_that_did_not_end_in_a_model_has_nothing_to_compare(first):
    run = TrainingRun.objects.get(model_version=first)
    TrainingRun.objects.filter(pk=run.pk).update(model_version=None)

    assert "has not ended in a model" in retrain(run.public_id)[1]
