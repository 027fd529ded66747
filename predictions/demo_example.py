"""An example for the API that can be checked: the features of the first student on the list, as of the list's day."""

from __future__ import annotations

import math
from typing import Any

from django.urls import reverse

from accounts.models import School
from modeling import rule_sets, scoring
from modeling.core.feature import Feature
from predictions.models import CurrentRisk, DecidedBy


def of_first_student(school: School) -> dict[str, Any]:
    """Return the path of a school's first student and the body for /api/predict that describes them."""
    listed = CurrentRisk.objects.filter(school=school, rank__isnull=False).select_related(
        "student", "run__model_version"
    )
    first = listed.order_by("rank")[0]
    version, terms = first.run.model_version, rule_sets.offered() if first.run.decided_by == DecidedBy.RULE else None
    frame = scoring.snapshot(version, as_of=first.run.as_of, student_ids=[first.student_id], terms=terms)
    row = frame.loc[first.student_id]
    values = {feature.name: _plain(row[feature.name], feature) for feature in scoring.looked_at(version, terms)}
    return {
        "student_path": reverse("student_page", args=[first.student.public_id]),
        "body": {"as_of": first.run.as_of.isoformat(), "features": values},
    }


def _plain(value: Any, feature: Feature) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return int(value) if feature.kind == "flag" else value
