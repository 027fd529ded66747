"""Outcomes by CSV: what each line would record, shown before anything is, and the lines that cannot be given back."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from students.outcomes import exit_code_map, outcome_files
from students.views.signed_lines import LineFile


def _done(n: int) -> str:
    return ngettext("Recorded for %(n)s student.", "Recorded for %(n)s students.", n) % {"n": n}


_FILE = LineFile(
    subject="outcome",
    layout=outcome_files.LAYOUT,
    columns=_("CSV with the columns student number, exit code, day and evidence."),
    check=outcome_files.check,
    record=outcome_files.record,
    done=_done,
    next_page="missing_outcomes",
    file_named="outcomes",
    about=lambda: {"codes": exit_code_map.in_scope().listed()},
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_outcomes")
def outcome_file(request: HttpRequest) -> HttpResponse:
    """Take a CSV of outcomes, show what it would record, and record it once somebody says so."""
    return _FILE.answer(request)
