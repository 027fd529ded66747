"""Everybody who works here, and the invitation of somebody new."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import invitations, people_list
from accounts.forms.people import InvitationForm
from accounts.permissions import needs


@require_http_methods(["GET", "POST"])
@needs("manage_people")
def people(request: HttpRequest) -> HttpResponse:
    """Show who works here; invite somebody, and show their link this once."""
    now = timezone.now()
    institution = request.membership.institution  # type: ignore[attr-defined]
    form = InvitationForm(request.POST if request.method == "POST" else None, institution=institution)
    if form.is_bound and form.is_valid():
        try:
            link = invitations.invite(**form.wanted(), by=request.user, now=now)  # type: ignore[arg-type]
            return link_page(request, link)
        except invitations.AlreadyHere as refusal:
            url = reverse("person_page", args=[refusal.person.public_id])
            form.add_error("email", format_html('{} <a href="{}">{}</a>', refusal, url, _("See their page.")))
    everybody = people_list.everybody(now=now)
    context = {
        "form": form,
        "people": [person for person in everybody if person.roles],
        "gone": [person for person in everybody if not person.roles],
    }
    return render(request, "people.html", context, status=422 if form.errors else 200)


def link_page(request: HttpRequest, link: invitations.Link) -> HttpResponse:
    """Show a link once; it is kept nowhere."""
    path = reverse("welcome", args=[link.membership.public_id, link.token])
    person = people_list.person(link.membership.user.public_id, now=timezone.now())
    context = {"person": person, "address": request.build_absolute_uri(path), "until": link.until}
    return render(request, "person_link.html", context)
