"""One person who works here: roles given and ended, a new link; and under which of one's own roles one works."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import invitations, memberships, people_list
from accounts.forms.people import RoleForm
from accounts.models import Membership
from accounts.people_list import Person
from accounts.permissions import needs
from accounts.request_scope import works_as
from accounts.views.people import link_page


@require_GET
@needs("manage_people")
def person_page(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Show a person's roles here."""
    return _page(request, _person_or_404(public_id))


@require_POST
@needs("manage_people")
def give_role(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Give a person a further role."""
    person = _person_or_404(public_id)
    form = RoleForm(request.POST, institution=request.membership.institution)  # type: ignore[attr-defined]
    if form.is_valid():
        try:
            given = memberships.give_role(
                person=person.user,
                **form.wanted(),
                by=request.user,  # type: ignore[arg-type]
                now=timezone.now(),
            )
        except memberships.RoleHeld as refusal:
            form.add_error("role", str(refusal))
        else:
            if person.user == request.user:
                # Otherwise the newest role would take its place in the middle of the work.
                works_as(request, request.membership)  # type: ignore[attr-defined]
            messages.success(request, _given(given, is_own=person.user == request.user))
            return redirect("person_page", public_id=public_id)
    return _page(request, person, form)


@require_POST
@needs("manage_people")
def make_link(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Make a new link for a person, and show it this once."""
    person = _person_or_404(public_id)
    try:
        link = invitations.make_link(person=person.user, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except invitations.NoRole as refusal:
        messages.warning(request, str(refusal))
        return redirect("person_page", public_id=public_id)
    return link_page(request, link)


@require_POST
@needs("manage_people")
def end_role(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """End a role from now."""
    institution = request.membership.institution  # type: ignore[attr-defined]
    membership = get_object_or_404(
        Membership.objects.select_related("user"), public_id=public_id, institution=institution
    )
    try:
        memberships.end_role(membership=membership, by=request.user, now=timezone.now())  # type: ignore[arg-type]
    except (memberships.AlreadyEnded, memberships.OwnAdministration, memberships.LastAdministrator) as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Ended: %(role)s.") % {"role": membership.get_role_display()})
    return redirect("person_page", public_id=membership.user.public_id)


@require_POST
def work_as(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Go on under another of one's own roles."""
    held = request.memberships  # type: ignore[attr-defined]
    chosen = next((membership for membership in held if membership.public_id == public_id), None)
    if chosen is None:
        raise Http404
    works_as(request, chosen)
    return redirect("front")


def _given(membership: Membership, *, is_own: bool) -> str:
    role = membership.get_role_display()
    if is_own:
        return _("Given: %(role)s. Open the menu with your name to work as that.") % {"role": role}
    if membership.awaits_link:
        return _("Given: %(role)s. Make a link, so that they can use it.") % {"role": role}
    return _("Given: %(role)s. They choose as what they work in the menu with their name.") % {"role": role}


def _person_or_404(public_id: uuid.UUID) -> Person:
    person = people_list.person(public_id, now=timezone.now())
    if person is None:
        raise Http404
    return person


def _page(request: HttpRequest, person: Person, form: RoleForm | None = None) -> HttpResponse:
    institution = request.membership.institution  # type: ignore[attr-defined]
    context = {"person": person, "form": form or RoleForm(institution=institution)}
    return render(request, "person_page.html", context, status=422 if form and form.errors else 200)
