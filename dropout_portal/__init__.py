"""Wiring: settings, addresses, workers, local servers. No rule of the domain lives here."""

from dropout_portal.celery import app as celery_app

__all__ = ["celery_app"]
