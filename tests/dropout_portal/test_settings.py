"""The portal starts with sound settings or not at all, and says which one is missing."""

import json

import pytest

from tests.dropout_portal.subprocesses import python

STRONG = "k9-Wq" * 12
DEPLOYED = {"PORTAL_TESTING": "0", "SECRET_KEY": STRONG, "ALLOWED_HOSTS": "portal.example"}
WANTED = (
    *("DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"),
    *("SECURE_HSTS_SECONDS", "WHITENOISE_USE_FINDERS", "CELERY_ACCEPT_CONTENT", "CELERY_TASK_IGNORE_RESULT"),
)


def start(**changes):
    without = [name for name, value in changes.items() if value is None]
    given = {name: value for name, value in changes.items() if value is not None}
    return python("import dropout_portal.settings", without=without, **given)


@pytest.fixture(scope="module")
def deployed():
    """The settings of a deployment, and its environment after they were read."""
    done = python(
        "import json, os, dropout_portal.settings as s;"
        f"print(json.dumps({{name: getattr(s, name) for name in {WANTED}}} | {{'environment': dict(os.environ)}}))",
        without=["OMP_NUM_THREADS"],
        **DEPLOYED,
    )
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        (DEPLOYED | {"SECRET_KEY": STRONG[:49]}, "SECRET_KEY can be guessed"),
        (DEPLOYED | {"SECRET_KEY": "x" * 60}, "SECRET_KEY can be guessed"),
        ({"DATABASE_URL": "sqlite:///portal.db"}, "DATABASE_URL must be a postgres:// address"),
        ({"DATABASE_OWNER_URL": "sqlite:///portal.db"}, "DATABASE_OWNER_URL must be a postgres:// address"),
        ({"REDIS_URL": None}, "REDIS_URL"),
    ],
)
def test_unsound_settings_are_refused_by_name(changes, sentence):
    refused = start(**changes)

    assert refused.returncode != 0
    assert "ImproperlyConfigured" in refused.stderr
    assert sentence in refused.stderr


def test_a_deployment_speaks_https_alone(deployed):
    assert deployed["SESSION_COOKIE_SECURE"]
    assert deployed["CSRF_COOKIE_SECURE"]
    assert deployed["SECURE_SSL_REDIRECT"]
    assert deployed["SECURE_HSTS_SECONDS"] >= 365 * 24 * 3600


def test_a_deployment_answers_to_its_own_name_and_shows_no_internals(deployed):
    assert deployed["ALLOWED_HOSTS"] == ["portal.example"]
    assert not deployed["DEBUG"]
    assert not deployed["WHITENOISE_USE_FINDERS"]


def test_workers_take_json_alone_and_keep_no_results(deployed):
    assert deployed["CELERY_ACCEPT_CONTENT"] == ["json"]
    assert deployed["CELERY_TASK_IGNORE_RESULT"]


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"])
def test_one_thread_per_process_is_set_before_a_library_could_start_a_second(deployed, variable):
    assert deployed["environment"][variable] == "1"


def test_nothing_is_ever_unpickled_by_mlflow(deployed):
    assert deployed["environment"]["MLFLOW_ALLOW_PICKLE_DESERIALIZATION"] == "false"
