"""Search for better settings: start it, watch it, stop it, train with what it found."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from accounts.permissions import needs
from jobs.models import State
from modeling.models import TuningStudy
from modeling.training import training_config
from modeling.training.training_config import ConfigRefused
from modeling.tuning import tuning_progress, tuning_requests
from modeling.tuning.tuning_progress import Progress
from modeling.tuning.tuning_requests import Budget
from monitoring import tuning_figures
from monitoring.forms.tuning import TuningForm

SHOWN = 20
UNFINISHED = (State.QUEUED, State.RUNNING)


@require_http_methods(["GET", "POST"])
@needs("train_models")
def start_tuning(request: HttpRequest) -> HttpResponse:
    """Ask how much a search may spend, show the last ones, and queue one."""
    form = TuningForm.usual(training_config.serving().tuning) if request.method == "GET" else TuningForm(request.POST)
    if request.method == "POST" and form.is_valid():
        try:
            study = tuning_requests.request(
                institution=request.membership.institution,  # type: ignore[attr-defined]
                by=request.user,  # type: ignore[arg-type]
                now=timezone.now(),
                budget=Budget(**form.cleaned_data),
            )
        except ConfigRefused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("tuning_page", public_id=study.public_id)
    studies = [_line(tuning_progress.of(study, now=timezone.now())) for study in _studies()[:SHOWN]]
    n_workers = training_config.serving().tuning.n_workers
    context = {"form": form, "studies": studies, "n_workers": n_workers}
    return render(request, "start_tuning.html", context, status=422 if form.errors else 200)


@require_GET
@vary_on_headers("HX-Request")
@needs("train_models")
def tuning_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one search; asked again every two seconds until it is over."""
    study = _found(public_id)
    progress = tuning_progress.of(study, now=timezone.now())
    if not request.htmx:  # type: ignore[attr-defined]
        chart = tuning_figures.figure(progress)
        return render(request, "tuning_page.html", {"tuning": _story(progress), "chart": chart})
    if progress.state not in UNFINISHED:
        # The chart stands outside of what is asked for again; at the end the whole page is.
        return HttpResponseClientRefresh()
    return render(request, "_tuning_progress.html", {"tuning": _story(progress)})


@require_POST
@needs("train_models")
def stop_tuning(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Have a search end with what it found so far."""
    study = _found(public_id)
    tuning_requests.stop(study=study, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return redirect("tuning_page", public_id=public_id)


@require_POST
@needs("train_models")
def train_tuned(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Train with the best settings of a search."""
    study = _found(public_id)
    try:
        run = tuning_requests.train(study=study, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except tuning_requests.NothingFound as refusal:
        messages.error(request, str(refusal))
        return redirect("tuning_page", public_id=public_id)
    if run != study.training_run:
        messages.warning(request, _("Another training is under way. Try again when it is over."))
    return redirect("training_page", public_id=run.public_id)


def _studies() -> Any:
    return TuningStudy.objects.select_related("created_by", "institution", "dataset", "training_run__job")


def _found(public_id: uuid.UUID) -> TuningStudy:
    study: TuningStudy | None = _studies().filter(public_id=public_id).first()
    if study is None:
        raise Http404
    return study


def _line(progress: Progress) -> dict[str, Any]:
    study = progress.study
    return {
        "url": reverse("tuning_page", args=[study.public_id]),
        "created_at": study.created_at,
        "state": progress.state,
        "state_label": State(progress.state).label,
        "by": study.created_by or _("Command"),
        "n_done": progress.n_done,
    }


def _story(progress: Progress) -> dict[str, Any]:
    study, best, run = progress.study, progress.best, progress.study.training_run
    is_over = progress.state not in UNFINISHED
    return {
        "state": progress.state,
        "state_label": State(progress.state).label,
        "progress_share": progress.done_share,
        "progress_note": "",
        "error": progress.error,
        "n_done": progress.n_done,
        "n_pruned": progress.n_pruned,
        "n_trials": study.n_trials,
        "minutes_left": None if is_over or progress.minutes_left is None else round(progress.minutes_left),
        "eta_minutes": None if progress.eta_minutes is None else max(1, round(progress.eta_minutes)),
        "created_at": study.created_at,
        "by": study.created_by or _("Command"),
        "dataset": study.dataset.content_sha256[:12] if study.dataset else "",
        "n_training": study.split.get("n_training"),
        "is_stopping": study.stop_asked_at is not None and not is_over,
        "poll_url": reverse("tuning_page", args=[study.public_id]),
        "stop_url": reverse("stop_tuning", args=[study.public_id]),
        "attempt": 1,
        "best": tuning_figures.in_words(best) if best else None,
        "best_number": best.number + 1 if best else None,
        "gain": tuning_figures.gain_in_words(progress) if best else "",
        "trials": tuning_figures.best_trials(progress),
        "training_url": reverse("training_page", args=[run.public_id]) if run else None,
        "train_url": reverse("train_tuned", args=[study.public_id]) if is_over and best and not run else None,
    }
