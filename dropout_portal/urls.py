"""Every address of the portal."""

from django.urls import URLPattern, URLResolver, include, path

from dropout_portal.views import errors, front, health, login

urlpatterns: list[URLPattern | URLResolver] = [
    path("", front.front, name="front"),
    path("login/", login.Login.as_view(), name="login"),
    path("logout/", login.Logout.as_view(), name="logout"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("", include("accounts.urls")),
    path("", include("students.urls")),
    path("", include("predictions.urls")),
    path("", include("monitoring.urls")),
    path("api/", include("predictions.api.urls")),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.failed
