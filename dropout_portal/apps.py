"""The wiring of the project; holds no rule of the domain."""

from django.apps import AppConfig


class DropoutPortalConfig(AppConfig):
    """Settings, addresses, workers, and the local servers of the demo."""

    name = "dropout_portal"
