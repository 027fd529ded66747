"""The record of every answer the prediction API gave."""

from __future__ import annotations

import datetime as dt
from typing import Any

from accounts.models import ApiClient
from modeling.models import ModelVersion
from predictions.models import PredictionLog


def record(  # noqa: PLR0913
    *,
    client: ApiClient,
    version: ModelVersion | None,
    as_of: dt.date,
    features: dict[str, Any],
    answer: dict[str, Any],
    duration_ms: float,
    now: dt.datetime,
) -> None:
    """Add one answer, for the purpose the key was made for. There is no version where the rule answered."""
    PredictionLog.objects.create(
        institution_id=client.institution_id,
        at=now,
        api_client=client,
        purpose=client.purpose,
        model_version=version,
        as_of=as_of,
        features=features,
        answer=answer,
        duration_ms=duration_ms,
    )
