"""The models of an institution: which one decides, how good it is, and what else was trained."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import audit_log
from accounts.permissions import can, needs
from modeling import registry
from modeling.models import ModelVersion, TrainingRun
from predictions.models import ScoringRun
from predictions.risk_list import model_label

SHOWN = 20
MEASURES = (
    ("roc_auc", "ROC-AUC", True),
    ("average_precision", "Average precision", True),
    ("precision_at_10", "Right among the top 10 %", True),
    ("recall_at_10", "Found within the top 10 %", True),
    ("f1", "F1", True),
    ("brier", "Brier score (lower is better)", False),
    ("ece", "Calibration error (lower is better)", False),
)


@require_GET
@needs("see_models")
def models(request: HttpRequest) -> HttpResponse:
    """Show the champion beside the plain formula and the rule, and the history."""
    membership = request.membership  # type: ignore[attr-defined]
    may_train = can(membership, "train_models")
    versions = list(ModelVersion.objects.defer("booster_text").select_related("dataset")[:SHOWN])
    champion = next((version for version in versions if version.is_champion), None)
    champion = champion or ModelVersion.objects.defer("booster_text").filter(is_champion=True).first()
    context = {
        "champion": _champion(champion) if champion else None,
        "versions": [_version(version, may_train) for version in versions],
        "runs": [_run(run) for run in TrainingRun.objects.select_related("job", "created_by")[:SHOWN]],
        "can_train": may_train,
        "train_form": forms.Form(),
        "train_url": reverse("start_training"),
        "can_score": may_train and champion is not None,
        "score_url": reverse("make_list"),
        "scoring_runs": [_list(run) for run in ScoringRun.objects.select_related("job", "model_version")[:SHOWN]],
        "drift_url": reverse("drift"),
    }
    return render(request, "models.html", context)


@require_POST
@needs("train_models")
def promote(request: HttpRequest, number: int) -> HttpResponse:
    """Let a version decide from the next list on."""
    version = ModelVersion.objects.defer("booster_text").filter(number=number).first()
    if version is None:
        raise Http404
    now = timezone.now()
    registry.promote(version=version, by=request.user, now=now)  # type: ignore[arg-type]
    audit_log.record_request(request, "model_promoted", now=now)
    messages.success(request, _("From the next list on, %(model)s decides.") % {"model": model_label(version)})
    return redirect("models")


def _champion(version: ModelVersion) -> dict[str, Any]:
    dates = version.dataset.snapshot_dates
    return {
        "label": model_label(version).capitalize(),
        "trained_at": version.trained_at,
        "n_training": version.specification["n_training"],
        "as_of_range": f"{min(dates):%b %Y} – {max(dates):%b %Y}" if len(dates) > 1 else f"{dates[0]:%b %Y}",
        "horizon_days": version.specification["horizon_days"],
        "rows": metric_rows(version.metrics),
        "feature_labels": [_(fields["label"]) for fields in version.specification["features"]],
        "data_hash_short": version.dataset.content_sha256[:12],
        "code_version": version.code_version[:12],
        "threshold": version.threshold,
        "calibration": version.specification["calibration"]["kind"],
        "evaluated_on": _judged_on(version.metrics["split"]),
    }


def _judged_on(split: dict[str, Any]) -> str:
    """Say on whom a version was judged."""
    n = f"{split['n_test']:,}"
    if split["kind"] == "temporal":
        day = date_format(dt.date.fromisoformat(split["test_from"]), "j F Y")
        return _("Judged on %(n)s snapshots from %(day)s on, of students set aside.") % {"n": n, "day": day}
    share = f"{split['test_share']:.0%}"
    return _("Judged on %(n)s students set aside (%(share)s); there are no years to part by.") % {
        "n": n,
        "share": share,
    }


def metric_rows(metrics: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a line per measure: the model beside the plain formula and the rule, and which is best."""
    who = ("model", "logistic", "rule")
    rows = []
    for name, label, more_is_better in MEASURES:
        figures = {of: metrics.get(of, {}).get(name) for of in who}
        known = {of: value for of, value in figures.items() if value is not None}
        best = (max if more_is_better else min)(known, key=known.__getitem__) if known else ""
        rows.append({"metric_label": _(label), **figures, "better": best})
    return rows


def _version(version: ModelVersion, may_train: bool) -> dict[str, Any]:
    figures = version.metrics.get("model", {})
    return {
        "label": model_label(version).capitalize(),
        "trained_at": version.trained_at,
        "roc_auc": figures.get("roc_auc"),
        "precision_at_10": figures.get("precision_at_10"),
        "is_champion": version.is_champion,
        "promote_url": reverse("promote_model", args=[version.number])
        if may_train and not version.is_champion
        else None,
    }


def _run(run: TrainingRun) -> dict[str, Any]:
    return {
        "url": reverse("training_page", args=[run.public_id]),
        "state": run.job.state,
        "state_label": run.job.get_state_display(),
        "started_at": run.created_at,
        "by": run.created_by or _("Command"),
        "note": run.job.error or run.job.progress_note,
    }


def _list(run: ScoringRun) -> dict[str, Any]:
    return {
        "as_of": run.as_of,
        "published_at": run.published_at,
        "n_students": run.n_scored if run.published_at else None,
        "model_label": model_label(run.model_version) if run.model_version else "",
        "state": run.job.state,
        "state_label": run.job.error or run.job.get_state_display(),
    }
