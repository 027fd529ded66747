"""The help given to the students a person may see, as a queue to work through."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts import audit_log
from accounts.permissions import can, needs
from predictions import help_queue
from predictions.help_queue import Filters


@require_GET
@needs("see_students")
def interventions(request: HttpRequest) -> HttpResponse:
    """Show what is due first, or what else was asked for; as a page or as a file."""
    today = timezone.localdate()
    user = request.user
    filters = Filters.from_query(request.GET, user=user, today=today)  # type: ignore[arg-type]
    if request.GET.get("format") == "csv":
        return _file(request, filters)
    queue = help_queue.queue(user=user, filters=filters, today=today)  # type: ignore[arg-type]
    subjects = {row["public_id"] for row in queue["rows"]}
    audit_log.record_request(request, "interventions", now=timezone.now(), subjects=sorted(subjects))
    membership = request.membership  # type: ignore[attr-defined]
    may = {"can_edit_kinds": can(membership, "edit_help_kinds"), "can_record": can(membership, "record_help")}
    return render(request, "interventions.html", {"queue": queue, **may})


def _file(request: HttpRequest, filters: Filters) -> HttpResponse:
    today = timezone.localdate()
    text, found, has_more = help_queue.as_file(user=request.user, filters=filters, today=today)  # type: ignore[arg-type]
    subjects = {given.student.public_id for given in found}
    audit_log.record_request(request, "interventions_as_file", now=timezone.now(), subjects=sorted(subjects))
    # A file that was cut short says so by its name.
    cut = f" first {help_queue.MOST_IN_FILE}" if has_more else ""
    name = f"help {filters.show.value} {today.isoformat()}{cut}.csv"
    return HttpResponse(
        # The mark tells a spreadsheet that the file is UTF-8.
        text.encode("utf-8-sig"),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "private, no-store",
        },
    )
