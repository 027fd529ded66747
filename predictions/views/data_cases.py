"""What staff say is wrong on record, as a work list of who keeps the data."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from accounts import audit_log
from accounts.permissions import needs
from predictions import answered_cases
from students.models import DataCase
from students.records.data_cases import Refused

SHOWN = 50


class AnswerForm(forms.Form):
    """What was found."""

    state = forms.ChoiceField(
        label=gettext_lazy("What was found"),
        choices=[("corrected", gettext_lazy("It was wrong and is corrected")), ("upheld", DataCase.State.UPHELD.label)],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(label=gettext_lazy("In words"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


@require_GET
@needs("keep_data_cases")
def data_cases(request: HttpRequest) -> HttpResponse:
    """Show what waits for an answer, the longest waiting first, then what was answered last."""
    return _page(request)


@require_POST
@needs("keep_data_cases")
def answer_case(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Answer one."""
    case = DataCase.objects.visible_to(request.user).filter(public_id=public_id).first()
    if case is None:
        raise Http404
    form = AnswerForm(request.POST, prefix=str(case.public_id))
    if form.is_valid():
        try:
            answered_cases.answer(case=case, **form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except Refused as refused:
            form.add_error("words", str(refused))
        else:
            messages.success(request, _("Answered. Whoever asked reads it on the student's page."))
            return redirect("data_cases")
    return _page(request, status=422, answered=case, form=form)


def _page(
    request: HttpRequest, *, status: int = 200, answered: DataCase | None = None, form: AnswerForm | None = None
) -> HttpResponse:
    visible = (
        DataCase.objects.visible_to(request.user)
        .select_related("student", "opened_by", "api_client")
        .prefetch_related("steps")
    )
    waiting = list(visible.filter(state=DataCase.State.OPEN)[: SHOWN + 1])
    done = list(visible.exclude(state=DataCase.State.OPEN).order_by("-opened_at", "-pk")[:SHOWN])
    shown = [*waiting[:SHOWN], *done]
    audit_log.record_request(
        request, "data_cases", now=timezone.now(), subjects=sorted({case.student.public_id for case in shown})
    )
    today = timezone.localdate()
    rows: list[dict[str, Any]] = [
        {
            "case": case,
            "is_late": case.due_on < today,
            "form": form if answered and form and case.pk == answered.pk else AnswerForm(prefix=str(case.public_id)),
        }
        for case in waiting[:SHOWN]
    ]
    context = {"waiting": rows, "has_more": len(waiting) > SHOWN, "done": done}
    return render(request, "data_cases.html", context, status=status)
