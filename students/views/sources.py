"""Call a source by another name, say when its files are expected, and forget it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import needs
from students.forms.import_settings import SourceForm
from students.forms.kept_answers import KeptAnswersForm
from students.models import Source
from students.uploads import source_settings
from students.views import import_settings


def _source(public_id: uuid.UUID) -> Source:
    source = Source.objects.filter(public_id=public_id).first()
    if source is None:
        raise Http404
    return source


@require_POST
@needs("upload_records")
def change_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Change the name of a source and how often it is expected."""
    source = _source(public_id)
    form = SourceForm.of(source, request.POST)
    if form.is_valid():
        try:
            source_settings.change(source=source, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except source_settings.NameTaken as refusal:
            form.add_error("name", str(refusal))
    if form.errors:
        return import_settings.page(request, source_form=(source, form))
    messages.success(request, _("Saved."))
    return redirect("import_settings")


@require_POST
@needs("upload_records")
def forget_source(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Forget a source: how its columns are read is asked again with its next file."""
    source = _source(public_id)
    try:
        source_settings.forget(source=source, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except source_settings.UnderWay as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Forgotten. What its files brought stays."))
    return redirect("import_settings")


@require_http_methods(["GET", "POST"])
@needs("upload_records")
def source_answers(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show what was answered of the files of a source, and take other answers."""
    source = _source(public_id)
    form = KeptAnswersForm(request.POST if request.method == "POST" else None, kept=source.answers)
    if form.is_bound and form.is_valid():
        answers = form.cleaned_data["answers"]
        source_settings.change_answers(source=source, answers=answers, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _("Saved. The next file of this source is read so."))
        return redirect("import_settings")
    context = {"source": source, "form": form, "sections": list(form.sections())}
    return render(request, "source_answers.html", context, status=422 if form.errors else 200)
