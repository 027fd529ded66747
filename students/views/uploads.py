"""Bring in a file, and watch what becomes of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.db.models import BooleanField, Case, Value, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts.permissions import can, needs
from jobs.models import State
from students.forms import UploadForm
from students.models import Upload
from students.records import record_words
from students.uploads import import_health, import_settings, question_words, taken_for, upload_findings, upload_story
from students.uploads import uploads as files

SHOWN = 50

Stage = Upload.Stage


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def uploads(request: HttpRequest) -> HttpResponse:
    """Show the files so far, those that wait for somebody's word first, and take another."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        try:
            return redirect("upload_page", public_id=_receive(request, form).public_id)
        except files.TooLarge as refusal:
            form.add_error("file", str(refusal))
    lines = [_line(upload) for upload in _listed()]
    context = {
        "form": form,
        "waiting": [line for line in lines if line["stage"] in upload_story.WANTS_A_WORD],
        "uploads": [line for line in lines if line["stage"] not in upload_story.WANTS_A_WORD],
        "can_keep_cases": can(request.membership, "keep_data_cases"),  # type: ignore[attr-defined]
        "health": import_health.health(today=timezone.localdate()),
    }
    return render(request, "uploads.html", context, status=422 if form.errors else 200)


def _institution(request: HttpRequest) -> Any:
    return request.membership.institution  # type: ignore[attr-defined]


def _listed() -> list[Upload]:
    waits = Case(
        When(stage__in=upload_story.WANTS_A_WORD, then=Value(True)), default=Value(False), output_field=BooleanField()
    )
    told = Upload.objects.select_related("job", "merge_job", "undo_job", "created_by", "source")
    return list(told.annotate(waits=waits).order_by("-waits", "-created_at")[:SHOWN])


def _receive(request: HttpRequest, form: UploadForm) -> Upload:
    file = form.cleaned_data["file"]
    upload, _is_new = files.receive(
        institution=_institution(request),
        filename=file.name,
        # Django keeps a large file on disk as it arrives; here it passes on piece by piece.
        chunks=file.chunks(),
        options=files.UploadOptions(
            **{name: form.cleaned_data[name] for name in ("format", "schema_yaml", "is_complete")}
        ),
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    return upload


def upload_or_404(public_id: uuid.UUID) -> Upload:
    """Return an upload of the institution in scope; another's is not there."""
    told = Upload.objects.select_related(
        "institution", "job", "merge_job", "undo_job", "source", "created_by", "confirmed_by", "undone_by"
    )
    upload = told.filter(public_id=public_id).first()
    if upload is None:
        raise Http404
    return upload


@require_GET
@vary_on_headers("HX-Request")
@needs("upload_records")
def upload_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one file on its way; asked again every two seconds while somebody works on it."""
    upload = upload_or_404(public_id)
    template = "_upload_progress.html" if request.htmx else "upload_page.html"  # type: ignore[attr-defined]
    return render(request, template, {"upload": _story(upload)})


def _line(upload: Upload) -> dict[str, Any]:
    return upload_story.stage(upload) | {
        "url": reverse("upload_page", args=[upload.public_id]),
        "filename": upload.filename,
        "source": upload.source.name if upload.source else "",
        "stage": upload.stage,
        "created_at": upload.created_at,
        "by": upload.created_by,
        "in_short": upload_story.in_short(upload),
    }


def _story(upload: Upload) -> dict[str, Any]:
    fields = ("public_id", "size_bytes", "n_rows", "n_bad_rows", "n_errors")
    people = ("merged_at", "confirmed_by", "undone_at", "undone_by")
    return (
        _line(upload)
        | _work(upload)
        | {name: getattr(upload, name) for name in (*fields, *people)}
        | _change(upload)
        | _findings(upload)
        | {"steps": upload_story.steps(upload), "questions": question_words.titles(upload)}
    )


def _work(upload: Upload) -> dict[str, Any]:
    """Return how far the newest piece of work on a file is."""
    job, is_under_way = upload.current_job, upload.stage in upload_story.UNDER_WAY
    return {
        "is_running": is_under_way and not job.is_over,
        "has_failed": is_under_way and job.state == State.FAILED,
        "error": job.error,
        "progress_share": job.progress_share if job.progress_total else None,
        "progress_note": job.progress_note,
        "attempt": job.attempts,
        "heartbeat_at": job.heartbeat_at,
        "poll_url": reverse("upload_page", args=[upload.public_id]),
    }


def _change(upload: Upload) -> dict[str, Any]:
    """Return what a file changes, and what to think of before it does."""
    kinds = upload.difference.get("kinds", {})
    return {
        "headline": upload_story.headline(upload),
        "taken_for": taken_for.sentence(upload),
        "first_rows": taken_for.rows(upload),
        "kinds": upload_story.kind_rows(upload.difference),
        "has_gone": any(about.get("gone") for about in kinds.values()),
        "n_good_rows": max(upload.n_rows - upload.n_bad_rows, 0),
        "changed_since": bool(upload.summary.get("changed_since")),
        "waits_because": upload.summary.get("waits_because", []),
        "gone_warning": upload_story.gone_warning(upload, import_settings.for_institution(upload.institution)),
        "kept": record_words.kept(upload.summary.get("counts", {})),
    }


def _findings(upload: Upload) -> dict[str, Any]:
    """Return what was found in a file, and how it was read."""
    how = {
        "notes": upload_findings.notes(upload),
        "unused": upload_findings.columns(upload, "unused"),
        "withheld": upload_findings.columns(upload, "withheld"),
    }
    return how | {
        "how_read": any(how.values()),
        "errors": upload_findings.faults(upload),
        "has_quarantine": bool(upload.quarantine_as),
        "warnings": upload_findings.warnings(upload),
    }
