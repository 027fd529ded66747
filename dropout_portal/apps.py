"""The wiring of the project; holds no rule of the domain."""

from typing import Any

from django.apps import AppConfig
from django.core import checks

from dropout_portal import plotly_files


class DropoutPortalConfig(AppConfig):
    """Settings, addresses, workers, and the local servers of the demo."""

    name = "dropout_portal"

    def ready(self) -> None:
        """Have every command that looks at static files look for what draws the charts."""
        checks.register(charts_can_be_drawn, checks.Tags.staticfiles)


def charts_can_be_drawn(**_asked: Any) -> list[checks.CheckMessage]:
    """Return an error where Plotly's bundle was never brought into the environment."""
    if plotly_files.is_installed():
        return []
    words = f"Plotly's bundle is not in {plotly_files.FOLDER}: no chart would be drawn."
    return [checks.Error(words, hint="python dropout_portal/plotly_files.py (part of make install)", id="portal.E001")]
