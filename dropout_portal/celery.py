"""The Celery application: it wakes workers up, Postgres remembers the work."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dropout_portal.settings")

app = Celery("dropout_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_bad_configuration(**_: Any) -> None:
    """End a worker that would begin with a configuration that cannot be used."""
    from modeling.training import training_config

    try:
        training_config.in_use()
    except training_config.ConfigRefused as refusal:
        # Celery swallows every exception of a signal but this.
        raise SystemExit(f"{training_config.PATH.name}: {refusal}") from None
