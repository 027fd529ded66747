"""Bring in a file, and watch what becomes of it."""

from __future__ import annotations

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods
from django.views.decorators.vary import vary_on_headers

from accounts.permissions import needs
from jobs import queue
from jobs.models import State
from students import uploads as files
from students.forms import UploadForm
from students.importing import file_errors
from students.models import Upload

SHOWN = 50


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def uploads(request: HttpRequest) -> HttpResponse:
    """Show the files so far, and take another."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("upload_page", public_id=_receive(request, form).public_id)
        except files.TooLarge as refusal:
            form.add_error("file", str(refusal))
    newest = Upload.objects.select_related("job", "created_by")[:SHOWN]
    context = {"form": form, "uploads": [_line(upload) for upload in newest]}
    return render(request, "uploads.html", context, status=422 if form.errors else 200)


def _receive(request: HttpRequest, form: UploadForm) -> Upload:
    file = form.cleaned_data["file"]
    now = timezone.now()
    upload, is_new = files.receive(
        institution=request.membership.institution,  # type: ignore[attr-defined]
        filename=file.name,
        chunks=file.chunks(),
        schema_yaml=form.cleaned_data["schema_yaml"],
        by=request.user,  # type: ignore[arg-type]
        now=now,
    )
    if not is_new and upload.job.state == State.FAILED:
        # The same file again: what failed on our side may succeed now, and what was wrong is said once more.
        queue.again(job=upload.job, by=request.user, now=now)  # type: ignore[arg-type]
    return upload


@require_GET
@vary_on_headers("HX-Request")
@needs("upload_records")
def upload_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show one file on its way; asked again every two seconds until it is over."""
    upload = Upload.objects.select_related("job", "created_by").filter(public_id=public_id).first()
    if upload is None:
        raise Http404
    template = "_upload_progress.html" if request.htmx else "upload_page.html"  # type: ignore[attr-defined]
    return render(request, template, {"upload": _story(upload)})


def _line(upload: Upload) -> dict[str, Any]:
    return {
        "url": reverse("upload_page", args=[upload.public_id]),
        "filename": upload.filename,
        "state": upload.job.state,
        "state_label": upload.job.get_state_display(),
        "created_at": upload.created_at,
        "by": upload.created_by,
        "n_rows": upload.n_rows or None,
        "summary": _summary(upload),
    }


def _summary(upload: Upload) -> str:
    if upload.n_errors:
        return ngettext("%(n)s thing to mend", "%(n)s things to mend", upload.n_errors) % {"n": upload.n_errors}
    return upload.job.error


def _story(upload: Upload) -> dict[str, Any]:
    job = upload.job
    return _line(upload) | {
        "progress_share": job.progress_share if job.progress_total else None,
        "progress_note": job.progress_note,
        "summary_lines": [job.error] if job.state == State.FAILED and not upload.errors else _brought(upload),
        "errors": [error | {"sentence": _sentence(error)} for error in upload.errors],
        "n_errors": upload.n_errors,
        "attempt": job.attempts,
        "heartbeat_at": job.heartbeat_at,
        "poll_url": reverse("upload_page", args=[upload.public_id]),
    }


def _sentence(error: dict[str, Any]) -> str:
    """Word a fault in the reader's language."""
    fields = {name: error[name] for name in ("line", "column", "value", "problem", "allowed")}
    fault = file_errors.CellError(**fields)
    return _(file_errors.SENTENCES[fault.problem]) % fault.arguments()


def _brought(upload: Upload) -> list[str]:
    """Say what the file brought, kind by kind."""
    counts = upload.summary.get("counts", {})
    words = {
        "students": lambda n: ngettext("%(n)s student", "%(n)s students", n),
        "enrolments": lambda n: ngettext("%(n)s enrolment", "%(n)s enrolments", n),
        "grades": lambda n: ngettext("%(n)s grade", "%(n)s grades", n),
        "attendance": lambda n: ngettext("%(n)s attendance record", "%(n)s attendance records", n),
        "attributes": lambda n: ngettext("%(n)s attribute", "%(n)s attributes", n),
        "protected": lambda n: ngettext(
            "%(n)s protected attribute, kept apart from the model",
            "%(n)s protected attributes, kept apart from the model",
            n,
        ),
        "outcomes": lambda n: ngettext("%(n)s outcome", "%(n)s outcomes", n),
    }
    lines = [say(counts[name]) % {"n": f"{counts[name]:,}"} for name, say in words.items() if counts.get(name)]
    if absent := upload.summary.get("absent_columns"):
        lines.append(_("Columns not in the file: %(columns)s.") % {"columns": ", ".join(absent)})
    if upload.summary.get("encoding", "utf-8").lower() not in ("utf-8", "utf-8-sig", ""):
        lines.append(_("The file was read as %(encoding)s.") % {"encoding": upload.summary["encoding"]})
    return lines
