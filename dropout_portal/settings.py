"""Every setting of the portal, read from the environment; docs/settings.md explains each."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from urllib.parse import unquote

# One OpenMP thread per process, set before numpy or LightGBM load: a forked worker that meets a second one hangs.
for _variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_variable, "1")
os.environ.setdefault("OMP_WAIT_POLICY", "passive")
os.environ.setdefault("POLARS_MAX_THREADS", "1")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
os.environ.setdefault("DO_NOT_TRACK", "true")
os.environ.setdefault("MLFLOW_ALLOW_PICKLE_DESERIALIZATION", "false")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "5")
os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")

import environ  # noqa: E402
from csp.constants import NONE, SELF  # noqa: E402
from django.core.exceptions import ImproperlyConfigured  # noqa: E402

from dropout_portal import plotly_files  # noqa: E402

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = environ.Env()
# While the demo runs, its servers' addresses stand here, so that `manage.py` finds them from another terminal.
if not os.environ.get("DATABASE_URL") and (VAR_DIR / "services.env").exists():
    env.read_env(VAR_DIR / "services.env")


def _database(variable: str) -> dict[str, object]:
    settings = dict(env.db(variable))
    if settings["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(f"{variable} must be a postgres:// address: the portal runs on PostgreSQL only.")
    settings["HOST"] = unquote(str(settings["HOST"]))
    settings["CONN_MAX_AGE"] = 60
    settings["CONN_HEALTH_CHECKS"] = True
    return settings


DEMO = env.bool("PORTAL_DEMO", default=False)
TESTING = env.bool("PORTAL_TESTING", default=False)
ON_LOOPBACK = DEMO or TESTING
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"] if ON_LOOPBACK else [])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. Give the portal a secret of at least 50 random characters.")
if not ON_LOOPBACK and (len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5):
    raise ImproperlyConfigured("SECRET_KEY can be guessed. Give the portal a secret of at least 50 random characters.")

INSTALLED_APPS = [
    "dropout_portal",
    "accounts",
    "jobs",
    "students",
    "modeling",
    "predictions",
    "monitoring",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.request_scope.ScopeMiddleware",
]
ROOT_URLCONF = "dropout_portal.urls"
WSGI_APPLICATION = "dropout_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "dropout_portal.navigation.frame",
            ],
        },
    }
]

# The web and the workers connect as portal_app, which owns no table; migrations connect as the owner.
DATABASES = {"default": _database("DATABASE_URL")}
if env.str("DATABASE_OWNER_URL", default=""):
    DATABASES["owner"] = _database("DATABASE_OWNER_URL")
DATABASE_ROUTERS = ["dropout_portal.database_roles.MigrateAsOwner"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL")
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

CELERY_BROKER_URL = REDIS_URL
if REDIS_URL.startswith("unix://"):
    # Celery names a socket's database otherwise, and takes number 0 where it does not know the name.
    CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 4 * 3600,  # twice the longest time limit, or a long task would run twice
    "socket_keepalive": not REDIS_URL.startswith("unix://"),
    "socket_timeout": 30,
    "socket_connect_timeout": 2,
    "max_retries": 0,  # a page does not wait for a silent broker: the sweeper rings again
    "health_check_interval": 25,
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 2 * 3600
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "sweep-jobs": {"task": "jobs.sweep", "schedule": 15.0, "options": {"expires": 15}},
    "sweep-files": {"task": "students.sweep_files", "schedule": 600.0, "options": {"expires": 600}},
    "open-cases": {"task": "students.open_cases", "schedule": 300.0, "options": {"expires": 300}},
    "send-digests": {"task": "predictions.send_digests", "schedule": 120.0, "options": {"expires": 120}},
    # On the other queue: MLflow's client is large, and may wait ten seconds for a server that is away.
    "copies-in-mlflow": {
        "task": "modeling.copy_to_mlflow",
        "schedule": 60.0,
        "options": {"expires": 60, "queue": "heavy"},
    },
    "drift-of-new-scores": {"task": "monitoring.compare_new_scores", "schedule": 60.0, "options": {"expires": 60}},
}
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# What names students goes to a terminal in the demo and the tests alone.
EMAIL_URL = env.str("EMAIL_URL", default="consolemail://" if DEMO else "")
if EMAIL_URL.startswith("consolemail:") and not ON_LOOPBACK:
    raise ImproperlyConfigured("EMAIL_URL must name a mail server: what e-mails say does not belong in a log.")
globals().update(env.email_url_config(EMAIL_URL or "dummymail://"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("EMAIL_FROM", default="") or "Dropout Portal <dropout-portal@localhost>"
# The address people type, for links in e-mails; pages know it from the request.
PORTAL_URL = env.str("PORTAL_URL", default="")

MLFLOW_TRACKING_URI = env.str("MLFLOW_TRACKING_URI", default="")
MLFLOW_ARTIFACTS_DIR = env.str("MLFLOW_ARTIFACTS_DIR", default=str(VAR_DIR / "mlflow"))
FILES_DIR = Path(env.str("FILES_DIR", default=str(VAR_DIR / "files")))
COHORT_SCHEMAS_DIR = BASE_DIR / "configs" / "cohorts"
# A large file waits here while it arrives: /tmp is memory on many machines. Where it cannot be made, /tmp serves.
FILE_UPLOAD_TEMP_DIR: str | None = str(FILES_DIR / "arriving")
try:
    (FILES_DIR / "arriving").mkdir(parents=True, exist_ok=True)
    # Files of records lie below: their owner alone looks in. What lies deeper is closed by students.sweep_files.
    for _folder in (FILES_DIR, FILES_DIR / "arriving"):
        _folder.chmod(0o700)
except OSError:
    FILE_UPLOAD_TEMP_DIR = None
UPLOAD_MAX_BYTES = env.int("UPLOAD_MAX_BYTES", default=2 * 1024**3)

AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "front"
LOGOUT_REDIRECT_URL = "login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# How long a link of an invitation or for a lost password works.
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(VAR_DIR / "static")))
if ON_LOOPBACK:
    STATIC_ROOT.mkdir(parents=True, exist_ok=True)  # WhiteNoise warns where it is missing
STATICFILES_DIRS = [BASE_DIR / "static", ("plotly", plotly_files.FOLDER)]
# Collected files have a digest in their name and stand beside themselves compressed. Tests take them where they lie.
STATIC_COLLECTED = env.bool("STATIC_COLLECTED", default=not TESTING)
WHITENOISE_USE_FINDERS = not STATIC_COLLECTED
WHITENOISE_AUTOREFRESH = DEBUG
STORAGES = {
    # Not FILE_UPLOAD_PERMISSIONS: it would hold for the files of collectstatic too, which a web server has to read.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(FILES_DIR),
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
        },
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if STATIC_COLLECTED
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# Plain HTTP on loopback is for the demo and the tests alone; everywhere else only HTTPS is spoken.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = not ON_LOOPBACK
SECURE_HSTS_SECONDS = 0 if ON_LOOPBACK else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not ON_LOOPBACK
SECURE_REDIRECT_EXEMPT = [r"^health/"]
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["predictions.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["predictions.api.authentication.ApiKeyThrottle"],
    "DEFAULT_THROTTLE_RATES": {"api_key": env.str("API_RATE", default="6000/min")},
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "predictions.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Dropout Portal API",
    "DESCRIPTION": "Scores with reasons and what staff say, for systems a school runs already. All of it is on record.",
    "VERSION": "0.1.0",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    # Several things have a "kind": each list of them has a name of its own.
    "ENUM_NAME_OVERRIDES": {
        "VerdictKind": "predictions.api.staff_documents.VERDICT_KINDS",
        "OutcomeKind": "predictions.api.staff_documents.OUTCOME_KINDS",
        "FeatureKind": ["number", "flag", "category"],
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "stream": sys.stderr}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
}
