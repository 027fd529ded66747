"""Configuration of the modeling app."""

from typing import Any

from django.apps import AppConfig
from django.core import checks


class ModelingConfig(AppConfig):
    """See the package's docstring."""

    name = "modeling"

    def ready(self) -> None:
        """Let commands refuse to begin with a configuration that cannot be used."""
        checks.register(configuration_can_be_used)


def configuration_can_be_used(**_: Any) -> list[checks.CheckMessage]:
    """Return an error for each fault of configs/training_config.yaml."""
    from modeling.training import training_config

    try:
        training_config.load()
    except training_config.ConfigRefused as refusal:
        return [
            checks.Error(sentence, obj=training_config.PATH.name, id="modeling.E001") for sentence in refusal.sentences
        ]
    return []
