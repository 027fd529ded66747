"""Letting a version decide: first who comes onto the list and who leaves it, and what the gate says, then the click."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_POST
from django.views.decorators.vary import vary_on_headers
from django_htmx.http import HttpResponseClientRefresh

from accounts import audit_log
from accounts.permissions import needs
from jobs.models import State
from modeling import registry
from modeling.models import ModelVersion
from modeling.promotion import decider, promotion, promotion_gate
from monitoring import metric_rows
from monitoring.views.model_version import version_or_404
from predictions import promotion_preview, runs
from predictions.list_rows import model_label
from predictions.models import PromotionPreview
from students.models import Student

# Names beyond these are counted; the list itself is the place to read them.
MOST_NAMES = 60


class PromotionForm(forms.Form):
    """Why it should decide all the same, and in whose place."""

    instead_of = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)
    reason = forms.CharField(
        label=gettext_lazy("Why should it decide all the same?"),
        help_text=gettext_lazy("This stays with the model for everybody to read."),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@require_http_methods(["GET", "POST"])
@vary_on_headers("HX-Request")
@needs("promote_models")
def promotion_page(request: HttpRequest, number: int) -> HttpResponse:
    """Show what would change, and let the version decide when asked."""
    version = version_or_404(number)
    if request.method == "GET":
        return _page(request, version, PromotionForm(initial={"instead_of": _champion_number()}))
    form = PromotionForm(request.POST)
    if not form.is_valid():
        return _page(request, version, form, status=422)
    try:
        promotion_preview.promote_and_list(
            version=version,
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
            reason=form.cleaned_data["reason"],
            instead_of=form.cleaned_data["instead_of"],
        )
    except promotion.GateFailed as refusal:
        form.add_error("reason", str(refusal))
        return _page(request, version, form, status=422)
    except (promotion.Refused, registry.ModelFileChanged) as refusal:
        fresh = PromotionForm(initial={"instead_of": _champion_number(), "reason": form.cleaned_data["reason"]})
        return _page(request, version_or_404(number), fresh, status=409, refusal=str(refusal))
    label = model_label(version)
    messages.success(request, _("From the next list on, %(model)s decides. It is being made.") % {"model": label})
    return redirect("models")


@require_POST
@needs("promote_models")
def work_out_changes(request: HttpRequest, number: int) -> HttpResponse:
    """Ask who would come onto the list and who would leave it."""
    promotion_preview.request(version=version_or_404(number), by=request.user, now=timezone.now())  # type: ignore[arg-type]
    return redirect("promotion_page", number=number)


def _page(
    request: HttpRequest, version: ModelVersion, form: PromotionForm, *, status: int = 200, refusal: str = ""
) -> HttpResponse:
    preview = promotion_preview.newest(version)
    shown = _preview(request, version, preview)
    if request.htmx and request.method == "GET":  # type: ignore[attr-defined]
        # Once it is worked out the gate has another check to show: the whole page comes anew.
        if not shown["is_running"]:
            return HttpResponseClientRefresh()
        return render(request, "_promotion_preview.html", {"preview": shown})
    champion = ModelVersion.objects.defer("booster_text").filter(is_champion=True).first()
    checks = promotion_gate.gate(version, champion=champion, churn_share=promotion_preview.churn_share(preview))
    context = {
        "label": capfirst(model_label(version)),
        "version_url": reverse("model_version", args=[version.number]),
        "decides": version.is_champion,
        "champion": capfirst(model_label(champion)) if champion else "",
        "helps": metric_rows.whom_it_helps(version.metrics, version.evaluation),
        "trained_at": version.trained_at,
        "checks": checks,
        "n_against": len(promotion_gate.failed(checks)),
        "n_unknown": sum(check["passed"] is None for check in checks),
        "preview": shown,
        "form": form,
        "promotion_url": reverse("promotion_page", args=[version.number]),
        "refusal": refusal,
    }
    return render(request, "promotion_page.html", context, status=status)


def _champion_number() -> int:
    return ModelVersion.objects.filter(is_champion=True).values_list("number", flat=True).first() or 0


def _preview(request: HttpRequest, version: ModelVersion, preview: PromotionPreview | None) -> dict[str, Any]:
    """Return who comes and goes as far as it is known, with the names this person may see."""
    job = preview.job if preview else None
    address = reverse("promotion_page", args=[version.number])
    shown: dict[str, Any] = {
        "has_list": runs.latest_run() is not None,
        "is_running": job is not None and job.state in (State.QUEUED, State.RUNNING),
        "error": job.error if job and job.state == State.FAILED else "",
        "is_known": False,
        "ask_url": reverse("work_out_changes", args=[version.number]),
        "poll_url": address,
    }
    if preview is None or preview.worked_out_at is None:
        return shown
    entering, leaving = _named(request, preview.entering), _named(request, preview.leaving)
    subjects = [row["public_id"] for row in (*entering["rows"], *leaving["rows"])]
    audit_log.record_request(request, "promotion_preview", now=timezone.now(), subjects=subjects)
    return shown | {
        "is_known": True,
        "headline": _headline(preview),
        "by_rule": decider.decision().kind == "rule",
        "as_of": preview.as_of,
        "worked_out_at": preview.worked_out_at,
        "sides": [
            entering | {"title": _("Would come onto the list: %(n)s") % {"n": entering["n"]}},
            leaving | {"title": _("Would leave it: %(n)s") % {"n": leaving["n"]}},
        ],
    }


def _headline(preview: PromotionPreview) -> str:
    n, of = promotion_preview.n_changing(preview), preview.n_listed
    if preview.run_id is None:
        return ngettext("%(of)s name would stand above the line.", "%(of)s names would stand above the line.", of) % {
            "of": of
        }
    if n == 0:
        return _("No name above the line changes.")
    return ngettext("%(n)s of %(of)s names changes.", "%(n)s of %(of)s names change.", n) % {"n": n, "of": of}


def _named(request: HttpRequest, student_ids: list[int]) -> dict[str, Any]:
    """Return the students this person may see, in the order of the list, and how many others there are."""
    visible = Student.objects.visible_to(request.user).select_related("school").in_bulk(student_ids)
    students = [visible[pk] for pk in student_ids if pk in visible][:MOST_NAMES]
    rows = [
        {
            "public_id": student.public_id,
            "url": reverse("student_page", args=[student.public_id]),
            "name": student.name,
            "grade_level": student.grade_level,
            "school_name": student.school.name,
        }
        for student in students
    ]
    return {"n": len(student_ids), "rows": rows, "n_others": len(student_ids) - len(rows)}
