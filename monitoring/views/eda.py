"""The data that models learn from: the newest report, made anew on request."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from accounts.permissions import can, needs
from jobs.models import State
from modeling.html_reports import eda_requests, eda_words
from modeling.models import EdaReport
from monitoring import eda_figures


@require_GET
@vary_on_headers("HX-Request")
@needs("see_models")
def eda_report(request: HttpRequest) -> HttpResponse:
    """Show the newest report; while one is being made its progress is asked for every two seconds."""
    if request.GET.get("download"):
        return _download(request)
    newest = EdaReport.objects.defer("html", "content").select_related("job").first()
    work = _work(newest) if newest and not newest.job.is_over else None
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "_eda_progress.html", {"work": work}) if work else HttpResponseClientRefresh()
    report = eda_requests.newest_report()
    context = {
        "report": _told(report) if report else None,
        "work": work,
        "error": newest.job.error if newest and newest.job.state == State.FAILED else "",
        "can_make": can(request.membership, "train_models") and work is None,  # type: ignore[attr-defined]
    }
    return render(request, "eda_report.html", context)


@require_POST
@needs("train_models")
def make_eda_report(request: HttpRequest) -> HttpResponse:
    """Queue a report on the records as they are."""
    eda_requests.request(
        institution=request.membership.institution,  # type: ignore[attr-defined]
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    return redirect("eda_report")


def _download(request: HttpRequest) -> HttpResponse:
    """Return the newest report as one file. It has a style of its own, so it is never shown as a page of ours."""
    report = eda_requests.newest_report()
    if report is None:
        raise Http404
    slug = request.membership.institution.slug  # type: ignore[attr-defined]
    name = f"data-of-{slug}-{report.content['about']['frozen_on']}.html"
    return HttpResponse(report.html, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _work(report: EdaReport) -> dict[str, Any]:
    """Return how far the making is."""
    job = report.job
    notes = {
        "records": _("Reading the records"),
        "snapshots": _("Describing each student as of past dates"),
        "freeze": _("Freezing the data"),
        "explore": _("Counting and comparing"),
        "draw": _("Drawing the figures"),
    }
    return {
        "state": job.state,
        "state_label": job.get_state_display(),
        "progress_share": job.progress_share,
        "progress_note": notes.get(job.progress_note, ""),
        "attempt": job.attempts,
        "heartbeat_at": job.heartbeat_at,
        "poll_url": reverse("eda_report"),
    }


def _told(report: EdaReport) -> dict[str, Any]:
    content = report.content
    columns, labels = content["columns"], eda_words.feature_labels(content)
    return {
        "headline": eda_words.headline(content),
        "balance": eda_words.balance(content),
        "source": eda_words.source(content["about"]),
        "made_at": report.job.finished_at,
        "by": report.created_by,
        "minimum": content["minimum"],
        "sentences": eda_words.sentences(content),
        "groups": [_group(group) for group in reversed(content["groups"])],
        "left_out": eda_words.left_out(content),
        "charts": eda_figures.figures(content),
        "correlations": eda_figures.correlations(content),
        "duplicates": eda_words.duplicate_words(content),
        "columns": [_column(column) for column in columns],
        "years": content["missing"]["years"],
        "missing": [
            {"label": labels[row["name"]], "shares": [eda_words.percent(share) for share in row["shares"]]}
            for row in content["missing"]["rows"]
        ],
    }


def _group(group: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {"value": eda_words.value(row), "n": row["n"], "share": eda_words.percent(row["share"])}
        for row in group["rows"]
    ]
    return group | {"label": eda_words.label(group["label"]), "rows": rows, "hidden": eda_words.hidden_words(group)}


def _column(column: dict[str, Any]) -> dict[str, Any]:
    unit = column["unit"]
    usual = [eda_words.number(column.get(name), unit) for name in ("low_5", "median", "high_95")]
    return {
        "label": eda_words.label(column["label"]),
        "unit": unit,
        "n_distinct": column["n_distinct"],
        "missing": eda_words.percent(column["missing_share"]),
        "usual": usual if "median" in column else None,
        "beyond": eda_words.percent(column.get("beyond_share")),
        "outside": eda_words.percent(column.get("outside_share")),
    }
