"""Help by CSV: what each line would begin, shown before anything is recorded."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from predictions import help_files
from students.help import help_kinds
from students.views.signed_lines import LineFile


def _done(n: int) -> str:
    return ngettext("Recorded %(n)s piece of help.", "Recorded %(n)s pieces of help.", n) % {"n": n}


_FILE = LineFile(
    subject="help",
    layout=help_files.LAYOUT,
    columns=_("CSV with the columns student number, kind, since and, if you like, goal."),
    check=help_files.check,
    record=help_files.record,
    done=_done,
    next_page="interventions",
    file_named="help",
    about=lambda: {"kinds": help_kinds.offered()},
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("record_help")
def help_file(request: HttpRequest) -> HttpResponse:
    """Take a CSV of help, show what it would record, and record it once somebody says so."""
    return _FILE.answer(request)
