"""What the page of a version shows of its evaluation, as figures and rows."""

from __future__ import annotations

from typing import Any

from modeling.models import ModelVersion


def evaluation_context(version: ModelVersion) -> dict[str, Any]:
    """Return what components/model_evaluation.html prints."""
    return {}
