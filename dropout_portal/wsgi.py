"""The web application for gunicorn, which does not begin with a configuration that cannot be used."""

import os

from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")

application = get_wsgi_application()

from modeling.training import training_config  # noqa: E402 -- it needs the settings

try:
    training_config.in_use()
except training_config.ConfigRefused as refusal:
    raise ImproperlyConfigured(f"{training_config.PATH.name}: {refusal}") from None
