"""Configuration of the predictions app."""

from django.apps import AppConfig


class PredictionsConfig(AppConfig):
    """See the package's docstring."""

    name = "predictions"
