"""Putting two students on record together who are one child, and parting them again."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import audit_log
from accounts.permissions import needs
from students.forms.student_merges import MergeForm, TwoStudentsForm
from students.models import Student, StudentMerge
from students.people import student_merges as merging
from students.records.record_words import LABELS


@require_GET
@needs("upload_records")
def student_merges(request: HttpRequest) -> HttpResponse:
    """Show students who may be one child, those who were put together, and numbers that may have two children."""
    merges = StudentMerge.objects.select_related("kept", "other", "merged_by", "taken_back_by")
    context = {
        "form": TwoStudentsForm(),
        "alike": merging.alike(request.membership.institution_id),  # type: ignore[attr-defined]
        "merges": merges[: merging.SHOWN],
        "two_under_one": merging.two_under_one_number(),
    }
    subjects = {student.public_id for pair in context["alike"] for student in pair}
    audit_log.record_request(request, "student_merges", now=timezone.now(), subjects=subjects)
    return render(request, "student_merges.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@needs("upload_records")
def student_merge(request: HttpRequest) -> HttpResponse:
    """Show two students side by side, and put them together when asked."""
    if request.method == "POST":
        return _merge(request)
    form = TwoStudentsForm(request.GET)
    if not form.is_valid():
        return render(request, "student_merge.html", {"form": form}, status=422)
    numbers = {name: form.cleaned_data[name].external_id for name in ("keep", "other")}
    return _page(request, MergeForm(initial=numbers), form.cleaned_data)


@require_POST
@needs("upload_records")
def take_back_merge(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Part two students again."""
    merge = StudentMerge.objects.filter(public_id=public_id).select_related("institution").first()
    if merge is None:
        raise Http404
    try:
        merging.take_back(merge=merge, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except merging.CannotTakeBack as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("They are two students again. The next list shows both."))
    return redirect("student_merges")


def _merge(request: HttpRequest) -> HttpResponse:
    form = MergeForm(request.POST)
    two = {name: student for name, student in form.cleaned_data.items() if name != "reason"} if form.is_valid() else {}
    if two:
        try:
            merging.merge(**two, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except merging.CannotMerge as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("They are one student now. The next list counts the child once."))
            return redirect("student_merges")
    if any(not isinstance(form.cleaned_data.get(name), Student) for name in ("keep", "other")):
        return render(request, "student_merge.html", {"form": TwoStudentsForm(request.POST)}, status=422)
    return _page(request, form, form.cleaned_data, status=422)


def _page(request: HttpRequest, form: MergeForm, two: dict[str, Any], *, status: int = 200) -> HttpResponse:
    students = [two["keep"], two["other"]]
    audit_log.record_request(
        request, "student_merge", now=timezone.now(), subjects=[student.public_id for student in students]
    )
    context = {
        "form": form,
        "reason": form["reason"],
        "two": [{"student": student, "on_record": _on_record(student)} for student in students],
    }
    return render(request, "student_merge.html", context, status=status)


def _on_record(student: Student) -> list[tuple[str, int]]:
    return [(str(LABELS[kind]), n) for kind, n in merging.on_record(student).items()]
