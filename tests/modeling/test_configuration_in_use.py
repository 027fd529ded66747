"""A training configuration that cannot be used: refused at start and at training; what serves goes on and says so."""

import os

import pytest
import yaml
from django.urls import reverse

from modeling.apps import configuration_can_be_used
from modeling.promotion import decider
from modeling.training import training_config
from modeling.training.training_config import ConfigRefused
from tests.dropout_portal.subprocesses import python
from tests.modeling.training_runs import WRITTEN, configure

TYPO = "learning_rte"


def mistype(path):
    """Misspell a key of the file, later than its last change as the file system tells it."""
    before = path.stat().st_mtime
    path.write_text(path.read_text(encoding="utf-8").replace("learning_rate", TYPO), encoding="utf-8")
    os.utime(path, (before + 5, before + 5))


@pytest.fixture
def spoiled(monkeypatch, tmp_path):
    """A file that was good when this process read it, and is not now."""
    configure(monkeypatch, tmp_path, horizon_days=200)
    assert not training_config.in_use().faults
    mistype(training_config.PATH)
    return training_config.PATH


def test_the_last_good_configuration_serves_and_the_faults_are_told(spoiled):
    assert decider.configuration().horizon_days == 200
    assert any(TYPO in sentence for sentence in training_config.in_use().faults)


def test_a_file_that_is_gone_is_a_fault_as_well(spoiled):
    spoiled.unlink()

    assert decider.configuration().horizon_days == 200
    assert "cannot be read" in training_config.in_use().faults[0]


def test_a_mended_file_serves_at_once(spoiled):
    spoiled.write_text(yaml.safe_dump(WRITTEN | {"horizon_days": 300}), encoding="utf-8")
    os.utime(spoiled, (1, 1))

    assert (decider.configuration().horizon_days, training_config.in_use().faults) == (300, ())


def test_a_training_reads_the_file_and_refuses(spoiled):
    with pytest.raises(ConfigRefused, match=TYPO):
        training_config.load()


def test_the_system_check_names_the_key(spoiled):
    assert any(TYPO in found.msg for found in configuration_can_be_used())


def test_health_says_that_the_last_good_one_serves(spoiled, client, db):
    response = client.get("/health/ready")

    assert (response.status_code, response.json()["configuration"]) == (200, "refused: the last good one serves")


def test_the_model_page_says_so_and_answers(spoiled, client, mika):
    client.force_login(mika)

    page = client.get(reverse("models"))

    assert page.status_code == 200
    assert "Lists and pages go on by the last good one" in page.content.decode()
    assert TYPO in page.content.decode()


@pytest.mark.parametrize(
    "begins",
    [
        "import dropout_portal.wsgi",
        "import dropout_portal.celery; from celery.signals import worker_init; worker_init.send(sender=None)",
        "from django.core.management import execute_from_command_line as run; run(['manage.py', 'check'])",
    ],
)
def test_nothing_begins_with_it(spoiled, begins):
    path = (
        f"import pathlib; from modeling.training import training_config as t; t.PATH = pathlib.Path({str(spoiled)!r}); "
    )

    ended = python(path + begins, DJANGO_SETTINGS_MODULE="dropout_portal.settings")

    assert ended.returncode != 0
    assert f'"trees.{TYPO}" is not a setting of a training' in ended.stderr
