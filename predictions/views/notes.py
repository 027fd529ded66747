"""Notes about a student: written, kept as a draft, and worded anew, all from the student's page."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import needs
from predictions import student_notes
from predictions.note_form import DraftForm, NoteForm, RevisionForm
from predictions.views import student_page
from students.models import Note
from students.people import notes, sight


@require_POST
@needs("see_students")
def write_note(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Write a note about a student."""
    student = student_page.student_or_404(request, public_id)
    form = NoteForm(request.POST, people=sight.people(student, now=timezone.now()))
    if form.is_valid():
        typed = notes.Typed(**form.cleaned_data)
        try:
            notes.write(student=student, typed=typed, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except notes.Refused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("Kept. Its readers see it on this page."))
            return redirect("student_page", public_id=public_id)
    return student_page.page_of(request, student, status=422, note_form=form)


@require_POST
@needs("see_students")
def keep_note_draft(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Keep what somebody is about to write; nobody else sees it."""
    student = student_page.student_or_404(request, public_id)
    form = DraftForm(request.POST, people=sight.people(student, now=timezone.now()))
    if not form.is_valid():
        if request.htmx:  # type: ignore[attr-defined]
            return render(request, "_note_draft.html", {"note_draft": None, "is_refused": True})
        return student_page.page_of(request, student, status=422, note_form=form)
    typed = notes.Typed(**form.cleaned_data)
    draft = notes.keep_draft(student=student, typed=typed, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    if request.htmx:  # type: ignore[attr-defined]
        return render(request, "_note_draft.html", {"note_draft": draft})
    return redirect("student_page", public_id=public_id)


@require_POST
@needs("see_students")
def revise_note(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Word a note anew; one that this person may not read looks like none."""
    note = Note.objects.visible_to(request.user).filter(public_id=public_id).first()
    if note is None:
        raise Http404
    student = student_page.student_or_404(request, note.student.public_id)
    form = RevisionForm(request.POST, prefix=str(note.public_id))
    if form.is_valid():
        try:
            notes.revise(note=note, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except notes.NotTheirs as refused:
            raise PermissionDenied from refused
        except notes.Refused as refused:
            form.add_error(refused.field, str(refused))
        else:
            messages.success(request, _("Kept. What it said before stays on record."))
            return redirect("student_page", public_id=student.public_id)
    section = student_notes.section(student, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    with_typed = student_notes.with_revision(section, note, form)
    return student_page.page_of(request, student, status=422, notes=with_typed["notes"])
