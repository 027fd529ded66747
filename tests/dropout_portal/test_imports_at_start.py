"""Heavy libraries stay out of the start of every process: web workers stay small, and none loads before a fork."""

import pytest

from tests.dropout_portal.subprocesses import python

STARTS = {
    "django": "import django; django.setup()",
    "urls": "import django; django.setup(); import dropout_portal.urls",
    "wsgi": "from dropout_portal.wsgi import application; import dropout_portal.urls",
    "celery": "from dropout_portal.celery import app; app.loader.import_default_modules()",
}
HEAVY = ("mlflow", "shap", "sklearn", "lightgbm", "pandas", "scipy", "pyarrow", "matplotlib", "plotly")


@pytest.mark.parametrize("start", STARTS)
def test_no_heavy_library_is_imported(start):
    done = python(
        f"import sys\n{STARTS[start]}\nprint(sorted(name for name in {HEAVY!r} if name in sys.modules))",
        DJANGO_SETTINGS_MODULE="dropout_portal.settings",
    )

    assert done.stdout.strip() == "[]", done.stderr


def test_every_task_is_known_to_a_worker():
    done = python(
        f"{STARTS['celery']}; print(*sorted(name for name in app.tasks if not name.startswith('celery.')))",
        DJANGO_SETTINGS_MODULE="dropout_portal.settings",
    )

    assert done.stdout.split() == [
        "jobs.sweep",
        "modeling.train_model",
        "monitoring.compare_new_scores",
        "predictions.score_students",
        "students.import_upload",
    ]


def test_starting_touches_no_database():
    done = python(
        "import django; django.setup(); import dropout_portal.urls; from django.db import connections;"
        "print([c.connection for c in connections.all(initialized_only=True)])",
        DJANGO_SETTINGS_MODULE="dropout_portal.settings",
        DATABASE_URL="postgres://nobody:nothing@nowhere.invalid/none",
    )

    assert done.returncode == 0, done.stderr
    assert set(done.stdout.strip()) <= set("[None, ]")
