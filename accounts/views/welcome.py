"""The page a link opens: choose a password, or join with the one that one has."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.contrib.auth import views
from django.contrib.auth.views import INTERNAL_RESET_SESSION_TOKEN, redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import invitations
from accounts.forms.passwords import ChoosePasswordForm
from accounts.models import Membership, User
from accounts.request_scope import works_as


class Welcome(views.PasswordResetConfirmView):
    """Django's page for a new password, which keeps the token in the session and out of the address.

    Whoever works at another institution too keeps the password they have: they sign in, then join.
    """

    form_class = ChoosePasswordForm
    template_name = "welcome.html"
    success_url = reverse_lazy("login")
    membership: Membership | None = None

    def get_user(self, uidb64: uuid.UUID) -> User | None:  # type: ignore[override]
        """Return whom the link is for."""
        now = timezone.now()
        self.membership = invitations.of_link(uidb64, now=now)
        if self.membership is None:
            return None
        self.token_generator = invitations.LinkTokens(self.membership, now=now)
        self.keeps_password = invitations.works_elsewhere(self.membership, now=now)
        return self.membership.user

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the form, after a sign-in where the person keeps their password."""
        if self.keeps_password and not request.user.is_authenticated:
            return redirect_to_login(request.path)
        return super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Take the new password, or let the person who signed in join."""
        if not self.keeps_password:
            return super().post(request, *args, **kwargs)
        if request.user != self.user:
            return self.get(request, *args, **kwargs)
        return self._use(password=None, then="front")

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep the password chosen; everybody who was signed in with the old one is out."""
        return self._use(password=form.cleaned_data["new_password1"], then="login")

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again, as a failure."""
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def _use(self, *, password: str | None, then: str) -> HttpResponse:
        membership = self.membership
        assert membership is not None  # noqa: S101
        del self.request.session[INTERNAL_RESET_SESSION_TOKEN]
        try:
            invitations.use_link(membership=membership, password=password, now=timezone.now())
        except invitations.LinkSpent as refusal:
            messages.warning(self.request, str(refusal))
            return redirect(then)
        if password is None:
            works_as(self.request, membership)
        else:
            messages.success(self.request, _("Your password is kept. Sign in with it."))
        return redirect(then)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Say who is let in, and where."""
        others = self.validlink and self.keeps_password
        return super().get_context_data(**kwargs) | {
            "linked": self.membership if self.validlink else None,
            "joins": others and self.request.user == self.user,
            "is_somebody_else": others and self.request.user != self.user,
        }
