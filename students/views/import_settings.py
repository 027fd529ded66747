"""What is let through, and the systems that send files."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import needs
from students.forms.import_settings import ImportSettingsForm, SourceForm
from students.importing import plausibility
from students.models import Format, Source
from students.uploads import import_settings as strictness


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def import_settings(request: HttpRequest) -> HttpResponse:
    """Show what is let through and who sends files, and take another choice."""
    if request.method == "GET":
        return page(request)
    form = ImportSettingsForm(request.POST)
    if not form.is_valid():
        return page(request, form=form)
    strictness.change(
        institution=request.membership.institution,  # type: ignore[attr-defined]
        **form.wanted(),
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    messages.success(request, _("Saved. It holds from the next file on."))
    return redirect("import_settings")


def page(
    request: HttpRequest,
    *,
    form: ImportSettingsForm | None = None,
    source_form: tuple[Source, SourceForm] | None = None,
) -> HttpResponse:
    """Show the page; a form that was refused stands in the place of its own."""
    institution = request.membership.institution  # type: ignore[attr-defined]
    refused = {source_form[0].pk: source_form[1]} if source_form else {}
    context = {
        "form": form or ImportSettingsForm.showing(strictness.for_institution(institution)),
        "always_refused": [_(rule.words) for rule in plausibility.RULES.values() if rule.is_fixed],
        "sources": [_line(source, refused.get(source.pk)) for source in _listed()],
    }
    return render(request, "import_settings.html", context, status=422 if form or source_form else 200)


def _listed() -> list[Source]:
    return list(Source.objects.annotate(n_files=Count("uploads"), last_at=Max("uploads__created_at")).order_by("name"))


def _line(source: Any, refused: SourceForm | None) -> dict[str, Any]:
    return {
        "public_id": source.public_id,
        "name": source.name,
        "format_label": source.get_format_display(),
        "has_mapping": source.format == Format.MAPPED,
        "expected_every_days": source.expected_every_days,
        "n_files": source.n_files,
        "has_answers": bool(source.answers),
        "last_at": source.last_at,
        "form": refused or SourceForm.of(source),
    }
