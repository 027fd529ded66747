"""Configuration of the modeling app."""

from django.apps import AppConfig


class ModelingConfig(AppConfig):
    """See the package's docstring."""

    name = "modeling"
