"""Say what the columns of a file are that follows no known format."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from students.forms import ColumnsForm
from students.models import Upload
from students.records import record_words
from students.uploads import column_choices, upload_findings, uploads
from students.views.uploads import upload_or_404


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def upload_columns(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show every column with a few values and what it may be; keep what is said for the next file of its kind."""
    upload = upload_or_404(public_id)
    if upload.stage != Upload.Stage.MAPPING:
        return redirect("upload_page", public_id=public_id)
    said = request.POST if request.method == "POST" else None
    form = ColumnsForm(said, upload=upload, kind=_kind(request, upload))
    if form.is_bound and form.is_valid():
        return _named(request, upload, form)
    context = {
        "upload": upload,
        "form": form,
        "kinds": [
            {"value": kind, "label": record_words.LABELS[kind], "is_current": kind == form.kind}
            for kind in column_choices.OFFERED
        ],
        "columns": list(form.columns()),
        "names": [name for name in form.header if name not in form.withheld],
        "rows": list(form.rows()),
        "notes": upload_findings.notes(upload),
        "n_left_out": max(len(upload.summary.get("header", [])) - len(form.header), 0),
    }
    return render(request, "upload_columns.html", context, status=422 if form.errors else 200)


def _kind(request: HttpRequest, upload: Upload) -> str:
    proposed = upload.summary.get("proposal", {}).get("kind", "")
    asked = request.POST.get("kind") or request.GET.get("kind") or proposed
    return asked if asked in column_choices.OFFERED else column_choices.OFFERED[0]


def _named(request: HttpRequest, upload: Upload, form: ColumnsForm) -> HttpResponse:
    try:
        uploads.name_columns(
            upload=upload,
            source_name=form.cleaned_data["source_name"],
            mapping=form.cleaned_data["mapping"],
            is_complete=form.cleaned_data["is_complete"],
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    except uploads.WrongStage as refusal:
        messages.warning(request, str(refusal))
    return redirect("upload_page", public_id=upload.public_id)
