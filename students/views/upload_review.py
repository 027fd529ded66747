"""What a person says about a file that was checked: bring it in, put it aside, take it back, check it again."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import PurePosixPath

from django.contrib import messages
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit_log
from accounts.permissions import needs
from students.changes import undo
from students.models import Upload
from students.uploads import upload_story, uploads
from students.views.uploads import upload_or_404


def _done(request: HttpRequest, deed: Callable[..., Upload], upload: Upload, **said: bool) -> HttpResponse:
    """Do what was asked and lead to the file's page; there it stands if somebody was quicker."""
    try:
        upload = deed(upload=upload, by=request.user, now=timezone.now(), **said)
    except (uploads.WrongStage, uploads.HasBadRows) as refusal:
        messages.warning(request, str(refusal))
    return redirect("upload_page", public_id=upload.public_id)


@require_POST
@needs("upload_records")
def confirm_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Bring in what was checked."""
    leaves_out = request.POST.get("skip_invalid_rows") == "yes"
    return _done(request, uploads.confirm, upload_or_404(public_id), skip_invalid_rows=leaves_out)


@require_POST
@needs("upload_records")
def discard_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Put a file aside."""
    return _done(request, uploads.discard, upload_or_404(public_id))


@require_POST
@needs("upload_records")
def retry_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Try again what failed on our side."""
    return _done(request, uploads.retry, upload_or_404(public_id))


@require_POST
@needs("upload_records")
def check_upload_again(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Check the same file against today's records, as a new upload."""
    return _done(request, uploads.check_again, upload_or_404(public_id))


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def undo_upload(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say what taking a file back would do, and do it when asked; refuse where later files touched the same rows."""
    upload = upload_or_404(public_id)
    if upload.stage != Upload.Stage.DONE:
        return redirect("upload_page", public_id=public_id)
    context = {"upload": upload, "sentences": upload_story.taking_back(upload.difference)}
    try:
        if request.method == "POST":
            return _done(request, uploads.undo, upload)
        undo.check_undo(upload)
    except undo.TouchedSince as refusal:
        status = 422 if request.method == "POST" else 200
        return render(
            request, "undo_upload.html", context | {"later": refusal.uploads, "merges": refusal.merges}, status=status
        )
    return render(request, "undo_upload.html", context)


@require_GET
@needs("upload_records")  # type: ignore[arg-type]
def quarantine(request: HttpRequest, public_id: uuid.UUID) -> HttpResponseBase:
    """Give back the rows that are wrong, as they came, with a column that says why."""
    upload = upload_or_404(public_id)
    if not upload.quarantine_as or not default_storage.exists(upload.quarantine_as):
        raise Http404
    kind = "zip" if upload.quarantine_as.endswith(".zip") else "csv"
    response = FileResponse(
        default_storage.open(upload.quarantine_as),
        as_attachment=True,
        filename=f"{PurePosixPath(upload.filename).stem} rows to mend.{kind}",
        content_type="application/zip" if kind == "zip" else "text/csv; charset=utf-8",
        headers={"X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-store"},
    )
    audit_log.record_request(request, "download_quarantine", now=timezone.now())
    return response
