"""Give every request of a signed-in person the scope of their membership, and one transaction."""

from __future__ import annotations

from collections.abc import Callable

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from accounts import scope
from accounts.models import Membership

# Where the session keeps which of several memberships one works under.
WORKS_AS = "works_as"


class ScopeMiddleware:
    """Enter the scope of the person's membership; whoever has none today sees nothing of students."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer within the person's scope, undoing what a failed view had written."""
        request.membership, request.memberships = None, []  # type: ignore[attr-defined]
        if not request.user.is_authenticated:
            return self.get_response(request)
        held = request.user.memberships_at(timezone.now())
        request.memberships = held  # type: ignore[attr-defined]
        membership = _chosen(held, request.session.get(WORKS_AS))
        response = self.get_response(request) if membership is None else self._within(membership, request)
        response.headers.setdefault("Cache-Control", "no-store")
        return response

    def _within(self, membership: Membership, request: HttpRequest) -> HttpResponse:
        request.membership = membership  # type: ignore[attr-defined]
        with timezone.override(membership.institution.time_zone), scope.entered(scope.of_membership(membership)):
            response = self.get_response(request)
            if getattr(request, "view_failed", False):
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Remember that the view failed: Django turns the exception into a response before we see it."""
        request.view_failed = True  # type: ignore[attr-defined]


def works_as(request: HttpRequest, membership: Membership) -> None:
    """Let this session go on under a membership, for as long as it holds."""
    request.session[WORKS_AS] = str(membership.public_id)


def _chosen(held: list[Membership], public_id: str | None) -> Membership | None:
    """Return the membership chosen for this session if it still holds, else the newest."""
    return next((membership for membership in held if str(membership.public_id) == public_id), next(iter(held), None))
