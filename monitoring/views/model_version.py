"""One version of the model: how good it is, for whom, what it looks at, and from which data and code it came."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_GET

from accounts.permissions import can, needs
from modeling.models import ModelVersion
from modeling.promotion import decider
from monitoring import flag_verdicts, importance_figures, metric_rows, model_figures, shown_list, version_facts
from predictions.list_rows import model_label


def version_or_404(number: int) -> ModelVersion:
    """Return a version of the institution in scope, without its booster."""
    versions = ModelVersion.objects.defer("booster_text").select_related("dataset", "trained_by", "promoted_by")
    version = versions.filter(number=number).first() if number < 2**31 else None
    if version is None:
        raise Http404
    return version


@require_GET
@needs("see_models")
def model_version(request: HttpRequest, number: int) -> HttpResponse:
    """Show everything that is known of one version."""
    version = version_or_404(number)
    may_promote = can(request.membership, "promote_models") and not version.is_champion  # type: ignore[attr-defined]
    context: dict[str, Any] = {
        "version": version,
        "label": capfirst(model_label(version)),
        "headline": version_facts.headline(version, decides=decider.decision().kind == "model"),
        "helps": metric_rows.whom_it_helps(version.metrics, version.evaluation),
        "table": metric_rows.table(version.metrics, version.evaluation),
        "facts": version_facts.made_of(version),
        "evaluation": model_figures.evaluation_context(version),
        "shown_list": shown_list.shown_list_context(version.metrics, version.evaluation),
        "flag_verdicts": flag_verdicts.flag_verdicts_context(version=version, today=timezone.localdate()),
        "importance": importance_figures.importance_context(version),
        "promotion_url": reverse("promotion_page", args=[number]) if may_promote else None,
    }
    return render(request, "model_version.html", context)
