"""The Celery application: it wakes workers up, Postgres remembers the work."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")

app = Celery("dropout_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
