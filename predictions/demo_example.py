"""An example for the API that can be checked: the features of the first student on the list, as of the list's day."""

from __future__ import annotations

import math
from typing import Any

from django.urls import reverse

from modeling import scoring
from predictions.models import CurrentRisk


def of_first_student() -> dict[str, Any]:
    """Return the path of the first student's page and the body for /api/predict that describes them."""
    first = CurrentRisk.objects.select_related("student", "run__model_version").order_by("rank")[0]
    frame = scoring.snapshot(first.run.model_version, as_of=first.run.as_of, student_ids=[first.student_id])
    values = {name: _plain(value) for name, value in frame.loc[first.student_id].items()}
    return {
        "student_path": reverse("student_page", args=[first.student.public_id]),
        "body": {"as_of": first.run.as_of.isoformat(), "features": values},
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return None if math.isnan(value) else value
    return value
