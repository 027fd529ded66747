"""The portal starts with sound settings or not at all, and says which one is missing."""

import pytest

from tests.dropout_portal.subprocesses import python

SETTINGS = {"DJANGO_SETTINGS_MODULE": "dropout_portal.settings"}
STRONG = "k9-Wq" * 12
DEPLOYED = {"PORTAL_TESTING": "0", "SECRET_KEY": STRONG, "ALLOWED_HOSTS": "portal.example"}


def start(**changes):
    without = [name for name, value in changes.items() if value is None]
    given = {name: value for name, value in changes.items() if value is not None}
    return python(
        "import django; django.setup()",
        without=without,
        **{"DJANGO_SETTINGS_MODULE": "dropout_portal.settings"} | given,
    )


def of_deployment(expression, **changes):
    done = python(
        f"import django; from django.conf import settings as s; print({expression})",
        **SETTINGS | DEPLOYED | changes,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_sound_settings_start():
    assert start().returncode == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is not set"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"DATABASE_URL": "sqlite:///portal.db"}, "DATABASE_URL must be a postgres:// address"),
        ({"DATABASE_URL": "mysql://a:b@host/portal"}, "DATABASE_URL must be a postgres:// address"),
        ({"DATABASE_OWNER_URL": "sqlite:///portal.db"}, "DATABASE_OWNER_URL must be a postgres:// address"),
        ({"REDIS_URL": None}, "REDIS_URL"),
    ],
)
def test_unsound_settings_are_refused_by_name(changes, sentence):
    refused = start(**changes)

    assert refused.returncode != 0
    assert "ImproperlyConfigured" in refused.stderr
    assert sentence in refused.stderr


@pytest.mark.parametrize("weak", ["short", STRONG[:49], "x" * 60])
def test_a_deployment_with_a_weak_secret_is_refused(weak):
    refused = start(**DEPLOYED | {"SECRET_KEY": weak})

    assert refused.returncode != 0
    assert "SECRET_KEY can be guessed" in refused.stderr


def test_a_deployment_speaks_https_alone():
    told = of_deployment(
        "s.DEBUG, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_SSL_REDIRECT,"
        " s.SECURE_HSTS_SECONDS >= 31536000, s.ALLOWED_HOSTS, s.WHITENOISE_USE_FINDERS"
    )

    assert told == "False True True True True ['portal.example'] False"


def test_a_deployment_that_names_no_host_answers_none():
    assert of_deployment("s.ALLOWED_HOSTS", ALLOWED_HOSTS="") == "[]"


def test_the_environment_is_read_before_openmp_can_start_a_second_thread():
    told = of_deployment("[__import__('os').environ[n] for n in ('OMP_NUM_THREADS', 'OPENBLAS_NUM_THREADS')]")

    assert told == "['1', '1']"


def test_the_broker_takes_json_alone_and_keeps_no_results():
    assert of_deployment("s.CELERY_ACCEPT_CONTENT, s.CELERY_TASK_IGNORE_RESULT") == "['json'] True"
