"""Caseloads by CSV: whose each student would be, shown before anybody is given."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from predictions import caseload_files
from students.views.signed_lines import LineFile


def _done(n: int) -> str:
    return ngettext("%(n)s student was given.", "%(n)s students were given.", n) % {"n": n}


_FILE = LineFile(
    subject="caseload",
    layout=caseload_files.LAYOUT,
    columns=_("CSV with the columns student number, counsellor and, if you like, note."),
    check=caseload_files.check,
    record=caseload_files.record,
    done=_done,
    next_page="caseloads",
    file_named="caseloads",
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("assign_students")
def caseload_file(request: HttpRequest) -> HttpResponse:
    """Take a CSV of whose students are whose, show what it would change, and change it once somebody says so."""
    return _FILE.answer(request)
