"""What exit codes count as at an institution: shown to whoever records outcomes, changed by whoever may."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import can, needs
from students.forms.exit_codes import CodeKindForm, NewCodeForm
from students.models import Outcome
from students.outcomes import exit_code_map, outcome_words
from students.outcomes.exit_code_map import Entry


@require_GET
@needs("record_outcomes")
def exit_codes(request: HttpRequest) -> HttpResponse:
    """Show every exit code under the kind that it counts as; `?code=` begins with a code nobody mapped."""
    code = request.GET.get("code", "")[: exit_code_map.LONGEST_CODE]
    return _page(request, new=NewCodeForm(initial={"code": code}))


@require_POST
@needs("edit_exit_codes")
def add_exit_code(request: HttpRequest) -> HttpResponse:
    """Say what a code counts as that nobody mapped."""
    form = NewCodeForm(request.POST)
    if form.is_valid():
        try:
            exit_code_map.add(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except exit_code_map.Refused as refused:
            form.add_error("code", str(refused))
        else:
            messages.success(request, _("Added. Outcomes recorded from now on may carry this code."))
            return redirect("exit_codes")
    return _page(request, status=422, new=form)


@require_POST
@needs("edit_exit_codes")
def change_exit_code(request: HttpRequest) -> HttpResponse:
    """Let a code count as another kind from now on."""
    form = CodeKindForm(request.POST)
    if not form.is_valid():
        return _page(request, status=422, refused=form)
    try:
        exit_code_map.change(**form.cleaned_data, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except exit_code_map.NoSuchCode:
        raise Http404 from None
    except exit_code_map.Overtaken as overtaken:
        # What was chosen stays in the form; sent again it goes on from what now stands.
        typed = request.POST.copy()
        typed["version"] = str(overtaken.standing.version)
        form.data = typed
        return _page(request, status=409, refused=form)
    messages.success(request, _("Saved. What is on record keeps the kind it was recorded with."))
    return redirect("exit_codes")


def _page(
    request: HttpRequest,
    *,
    status: int = 200,
    new: NewCodeForm | None = None,
    refused: CodeKindForm | None = None,
) -> HttpResponse:
    entries = exit_code_map.entries()
    lines = [_line(entry, number, refused) for number, entry in enumerate(entries)]
    groups = [
        {"label": kind.label, "counts_as": outcome_words.counts_as(kind.value), "lines": of}
        for kind in Outcome.Kind
        if (of := [line for line in lines if line["entry"].kind == kind.value])  # type: ignore[attr-defined]
    ]
    context = {
        "groups": groups,
        "n_codes": len(entries),
        "form": new or NewCodeForm(),
        "can_edit": can(request.membership, "edit_exit_codes"),  # type: ignore[attr-defined]
        "is_overtaken": status == 409,  # noqa: PLR2004
    }
    return render(request, "exit_codes.html", context, status=status)


def _line(entry: Entry, number: int, refused: CodeKindForm | None) -> dict[str, object]:
    is_open = refused is not None and refused.data.get("plain") == entry.plain
    if is_open and refused is not None:
        refused.auto_id = f"id_of_{number}_%s"
    recorded = [
        {"label": str(Outcome.Kind(kind).label), "n": n}
        for kind, n in sorted(entry.recorded.items(), key=lambda found: -found[1])
    ]
    return {
        "entry": entry,
        "form": refused if is_open else CodeKindForm.of(entry, number),
        "is_open": is_open,
        "n_recorded": sum(entry.recorded.values()),
        "recorded": recorded,
        "has_other_kinds": bool(set(entry.recorded) - {entry.kind}),
    }
