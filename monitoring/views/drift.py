"""How far the records lie from what the model learned from."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import needs
from modeling.models import ModelVersion
from monitoring.models import DriftReport
from predictions.answers import features_by_name
from predictions.list_rows import model_label


@require_GET
@needs("see_monitoring")
def drift(request: HttpRequest) -> HttpResponse:
    """Show the newest comparison, what moved most first."""
    reports = DriftReport.objects.select_related("run__model_version").defer(
        "run__model_version__booster_text", "run__model_version__evaluation"
    )
    report = reports.order_by("-run__as_of", "-run__published_at").first()
    version = report.run.model_version if report else None
    return render(request, "drift.html", {"drift": _compared(report, version) if report and version else None})


def _compared(report: DriftReport, version: ModelVersion) -> dict[str, Any]:
    labels = {
        "stable": _("As before"),
        "watch": _("Somewhat different"),
        "drifted": _("Different"),
        "too_few": _("Too few to tell"),
    }
    features = features_by_name(version)
    moved = report.features.order_by("-psi", "feature")
    rows = [
        {
            "feature_label": _(features[row.feature].label),
            "psi": row.psi,
            "psi_text": "–" if row.psi is None else f"{row.psi:.3f}",
            "level": row.level,
            "level_label": labels[row.level],
            "n": row.n_students,
            "missing_share": row.missing_share,
            "reference_missing_share": row.reference_missing_share,
        }
        for row in sorted(moved, key=lambda row: (row.psi is None, -(row.psi or 0.0), row.feature))
    ]
    return {
        "as_of": report.run.as_of,
        "model_label": model_label(version),
        "rows": rows,
        "n_drifted": sum(row["level"] == "drifted" for row in rows),
        "explanation": _(
            "The index compares today's students with those the model learned from: below 0.1 little changed, "
            "above 0.25 it may be time to train again."
        ),
    }
