"""The day's e-mail as a page, and whether one wants it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import audit_log, digest_choices
from accounts.permissions import can, needs
from predictions import digest as digests
from predictions import digest_mail
from predictions.digest_form import DigestForm, NamesForm
from predictions.models import DigestMail


@require_http_methods(["GET", "HEAD", "POST"])
@needs("see_students")
def digest(request: HttpRequest) -> HttpResponse:
    """Show what the e-mail of the day says; keep whether its person wants it."""
    if request.method != "POST":
        return _page(request, DigestForm(user=request.user))  # type: ignore[arg-type]
    form = DigestForm(request.POST, user=request.user)  # type: ignore[arg-type]
    if not form.is_valid():
        return _page(request, form)
    digest_choices.choose(
        wants_digest=form.cleaned_data["wants_digest"],
        language=form.cleaned_data.get("language", request.user.language),  # type: ignore[union-attr]
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    messages.success(request, _("Kept. It holds from the next e-mail on."))
    return redirect("digest")


@require_POST
@needs("allow_names_in_mail")
def allow_names_in_mail(request: HttpRequest) -> HttpResponse:
    """Let the institution's e-mails name students, or none."""
    form = NamesForm(request.POST)
    form.full_clean()
    digest_choices.allow_names(
        allowed=form.cleaned_data["names_in_digest"],
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    messages.success(request, _("Kept. It holds for everybody's next e-mail."))
    return redirect("digest")


def _page(request: HttpRequest, form: DigestForm) -> HttpResponse:
    membership, now = request.membership, timezone.now()  # type: ignore[attr-defined]
    told = digests.of(membership=membership, now=now)
    audit_log.record_request(request, "digest_page", now=now, subjects=told.students)
    institution = membership.institution
    context = {
        "told": told,
        "form": form,
        "names_form": NamesForm(initial={"names_in_digest": institution.names_in_digest})
        if can(membership, "allow_names_in_mail")
        else None,
        "is_set_up": digest_mail.is_set_up(),
        "from_hour": digest_mail.FROM_HOUR,
        "last": DigestMail.objects.filter(user=membership.user).order_by("-day").first(),
    }
    return render(request, "digest.html", context, status=422 if form.errors else 200)
