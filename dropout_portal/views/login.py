"""Sign in and out."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib.auth import views
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django_htmx.http import HttpResponseClientRefresh


# Said again, because an override of dispatch loses what Django's own carries.
@method_decorator(login_not_required, name="dispatch")
class Login(views.LoginView):
    """Django's login; an htmx request that meets an expired session reloads the page instead of swapping this in."""

    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Answer htmx with a reload, everybody else with the form."""
        if request.htmx:  # type: ignore[attr-defined]
            return HttpResponseClientRefresh()
        return super().dispatch(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again, as a failure."""
        response = super().form_invalid(form)
        response.status_code = 422
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Show the demo's logins, in the demo only."""
        return super().get_context_data(**kwargs) | {"demo_logins": _demo_logins()}


class Logout(views.LogoutView):
    """Django's logout; the browser forgets what it kept of our pages."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Sign out and have the browser's caches cleared."""
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Clear-Site-Data"] = '"cache", "storage"'
        return response


def _demo_logins() -> list[dict[str, str]]:
    if not settings.DEMO:
        return []
    path = settings.VAR_DIR / "demo.json"
    if not path.exists():
        return []
    users = json.loads(path.read_text(encoding="utf-8"))["users"]
    return [{"role": user["role"], "login": user["login"], "password": user["password"]} for user in users.values()]
