"""Configuration of the monitoring app."""

from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    """See the package's docstring."""

    name = "monitoring"
