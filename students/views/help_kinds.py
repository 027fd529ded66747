"""The catalogue of help: what is offered, added, changed, retired and brought back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import needs
from students.forms.help_kinds import TIERS, HelpKindForm, NewHelpKindForm
from students.help import help_catalogue
from students.help import help_kinds as kinds_of
from students.help.help_kinds import KindOfHelp


@require_GET
@needs("edit_help_kinds")
def help_kinds(request: HttpRequest) -> HttpResponse:
    """Show every kind of help."""
    return _page(request)


@require_POST
@needs("edit_help_kinds")
def add_help_kind(request: HttpRequest) -> HttpResponse:
    """Add a kind."""
    form = NewHelpKindForm(request.POST)
    if form.is_valid():
        try:
            kind = form.kind(form.cleaned_data["code"])
            help_catalogue.add(kind=kind, by=request.user, now=timezone.now())  # type: ignore[arg-type]
        except help_catalogue.Refused as refused:
            form.add_error("label", str(refused))
        else:
            messages.success(request, _("Added. It can be given from now on."))
            return redirect("help_kinds")
    return _page(request, status=422, new=form)


@require_POST
@needs("edit_help_kinds")
def change_help_kind(request: HttpRequest, code: str) -> HttpResponse:
    """Change a kind."""
    form = HelpKindForm(request.POST, prefix=code, auto_id=f"id_of_{code}_%s")
    if not form.is_valid():
        _kind_or_404(code)
        return _page(request, status=422, refused={code: form})
    version = form.cleaned_data["version"] or 0
    try:
        help_catalogue.change(kind=form.kind(code), version=version, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except help_catalogue.NoSuchKind:
        raise Http404 from None
    except help_catalogue.Refused as refused:
        form.add_error("label", str(refused))
        return _page(request, status=422, refused={code: form})
    except help_catalogue.Overtaken as overtaken:
        # What was typed stays in the form; sent again it goes on from the kind that now stands.
        typed = request.POST.copy()
        typed[form.add_prefix("version")] = str(overtaken.standing.version)
        form.data = typed
        return _page(request, status=409, refused={code: form})
    messages.success(request, _("Saved. Help that has begun keeps its own plan."))
    return redirect("help_kinds")


@require_POST
@needs("edit_help_kinds")
def retire_help_kind(request: HttpRequest, code: str) -> HttpResponse:
    """Offer a kind no longer."""
    return _done(request, help_catalogue.retire, code, _("No longer offered. Help of this kind goes on."))


@require_POST
@needs("edit_help_kinds")
def bring_back_help_kind(request: HttpRequest, code: str) -> HttpResponse:
    """Offer a retired kind again."""
    return _done(request, help_catalogue.bring_back, code, _("Offered again."))


def _done(request: HttpRequest, deed: Callable[..., KindOfHelp], code: str, words: str) -> HttpResponse:
    try:
        deed(code=code, by=request.user, now=timezone.now())
    except help_catalogue.NoSuchKind:
        raise Http404 from None
    except help_catalogue.Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, words)
    return redirect("help_kinds")


def _kind_or_404(code: str) -> KindOfHelp:
    kind = kinds_of.by_code().get(code)
    if kind is None:
        raise Http404
    return kind


def _page(
    request: HttpRequest,
    *,
    status: int = 200,
    new: NewHelpKindForm | None = None,
    refused: dict[str, HelpKindForm] | None = None,
) -> HttpResponse:
    every = sorted(kinds_of.by_code().values(), key=lambda kind: (kind.tier, kind.label.casefold()))
    lines = [_line(kind, (refused or {}).get(kind.code), is_overtaken=status == 409) for kind in every]  # noqa: PLR2004
    context = {
        "offered": [line for line in lines if not line["kind"].is_retired],
        "retired": [line for line in lines if line["kind"].is_retired],
        "form": new or NewHelpKindForm(),
    }
    return render(request, "help_kinds.html", context, status=status)


def _line(kind: KindOfHelp, refused: HelpKindForm | None, *, is_overtaken: bool) -> dict[str, Any]:
    return {
        "kind": kind,
        "for_whom": dict(TIERS)[kind.tier],
        "form": refused or HelpKindForm.of(kind),
        "is_open": refused is not None,
        "is_overtaken": refused is not None and is_overtaken,
    }
