"""Start a training and watch it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers

from accounts.permissions import needs
from jobs.models import State
from modeling.core import worse_than_chance
from modeling.models import ModelVersion, TrainingRun
from modeling.training import training_requests
from monitoring import metric_rows


@require_POST
@needs("train_models")
def start_training(request: HttpRequest) -> HttpResponse:
    """Queue a training and go to its page."""
    run = training_requests.request(
        institution=request.membership.institution,  # type: ignore[attr-defined]
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    return redirect("training_page", public_id=run.public_id)


@require_GET
@vary_on_headers("HX-Request")
@needs("see_models")
def training_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one training; asked again every two seconds until it is over."""
    runs = TrainingRun.objects.select_related("job", "created_by", "model_version").defer("model_version__booster_text")
    run = runs.filter(public_id=public_id).first()
    if run is None:
        raise Http404
    template = "_training_progress.html" if request.htmx else "training_page.html"  # type: ignore[attr-defined]
    return render(request, template, {"run": _story(run)})


def _table(version: ModelVersion) -> dict[str, Any]:
    """Return the few figures that matter, without intervals; whether one is told from chance is kept."""
    broken = worse_than_chance.of_version(version.metrics, version.evaluation)
    return metric_rows.table(version.metrics, {"broken": broken}, measures=metric_rows.FEW)


def _story(run: TrainingRun) -> dict[str, Any]:
    job = run.job
    return {
        "state": job.state,
        "state_label": job.get_state_display(),
        "progress_share": job.progress_share,
        "progress_note": "",
        "steps": _steps(job.state, job.progress_done),
        "table": _table(run.model_version) if run.model_version else None,
        "error": job.error,
        "created_at": run.created_at,
        "by": run.created_by or _("Command"),
        "poll_url": reverse("training_page", args=[run.public_id]),
        "attempt": job.attempts,
        "heartbeat_at": job.heartbeat_at,
        "model_url": reverse("model_version", args=[run.model_version.number])
        if run.model_version
        else reverse("models"),
    }


def _steps(state: str, n_done: int) -> list[dict[str, str]]:
    """Return the steps of a training, each done, running or still to come."""
    words = {
        "records": _("Read the records"),
        "snapshots": _("Describe each student as of past dates"),
        "freeze": _("Freeze the data"),
        "fit": _("Learn from past years"),
        "judge": _("Compare with the plain formula and the rule"),
        "refit": _("Learn from every year"),
        "register": _("Try the model and register it"),
    }
    states = []
    for place, step in enumerate(training_requests.STEPS):
        if state == State.DONE or place < n_done:
            is_at: str = State.DONE
        elif place == n_done and state in (State.RUNNING, State.FAILED):
            is_at = state
        else:
            is_at = State.QUEUED
        states.append({"label": words[step], "state": str(is_at)})
    return states
