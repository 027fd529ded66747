"""Heavy libraries stay out of the start of every process: web workers stay small, and none loads before a fork."""

import json

import pytest

from dropout_portal.celery import app
from tests.dropout_portal.subprocesses import python

HEAVY = {
    "numpy",
    "polars",
    "pandera",
    "mlflow",
    "shap",
    "sklearn",
    "lightgbm",
    "pandas",
    "scipy",
    "pyarrow",
    "matplotlib",
    "optuna",
}
REPORT = """
import json, sys
from django.db import connections
open_connections = [c.alias for c in connections.all(initialized_only=True) if c.connection]
print(json.dumps({"modules": list(sys.modules), "connections": open_connections}))
"""
STARTS = {
    "web": "from dropout_portal.wsgi import application; import dropout_portal.urls",
    "worker": "from dropout_portal.celery import app; app.loader.import_default_modules()",
}


@pytest.fixture(scope="module", params=STARTS)
def started(request):
    """What a process holds once it has started."""
    done = python(
        STARTS[request.param] + REPORT,
        DJANGO_SETTINGS_MODULE="dropout_portal.settings",
        DATABASE_URL="postgres://nobody:nothing@nowhere.invalid/none",
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_no_heavy_library_is_imported(started):
    assert HEAVY & set(started["modules"]) == set()


def test_no_database_is_touched(started):
    assert started["connections"] == []


def test_a_worker_knows_every_task():
    app.loader.import_default_modules()

    assert sorted(name for name in app.tasks if not name.startswith("celery.")) == [
        "jobs.sweep",
        "modeling.copy_to_mlflow",
        "modeling.make_eda_report",
        "modeling.train_model",
        "modeling.tune_model",
        "monitoring.compare_new_scores",
        "predictions.preview_promotion",
        "predictions.score_students",
        "predictions.send_digests",
        "students.check_upload",
        "students.merge_upload",
        "students.open_cases",
        "students.sweep_files",
        "students.undo_upload",
    ]
