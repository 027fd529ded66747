"""What the page of a version shows of what the model looks at."""

from __future__ import annotations

from typing import Any

from modeling.models import ModelVersion


def importance_context(version: ModelVersion) -> dict[str, Any]:
    """Return what components/model_importance.html prints."""
    return {}
