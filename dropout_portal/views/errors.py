"""What is said when something is not there, not allowed, not understood, or broken: a page, or a problem to the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views import defaults

from predictions.api.problems import problem_page

SENTENCES = {
    400: "The request was not understood.",
    403: "This is not allowed.",
    404: "There is nothing at this address.",
    500: "Something went wrong on our side. Nothing was changed.",
}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that was not understood."""
    return _api(request, 400) or HttpResponse(
        loader.render_to_string("refused.html", {"title": SENTENCES[400]}, request), status=400
    )


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what the person's role does not allow."""
    return _api(request, 403) or defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what is not there, or not for this person."""
    return _api(request, 404) or HttpResponse(loader.render_to_string("404.html", {}, request), status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer what broke, without touching the database again."""
    return _api(request, 500) or HttpResponse(loader.render_to_string("500.html"), status=500)


def _api(request: HttpRequest, status: int) -> HttpResponse | None:
    return problem_page(request, status, SENTENCES[status]) if request.path.startswith("/api/") else None
