"""One form for every error of the API: RFC 9457 problem details, with every field at fault named."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


class InvalidBody(exceptions.APIException):
    """The body is not what the endpoint takes; `errors` name every field."""

    status_code = 400
    default_detail = "The request was not understood. Each field at fault is named in errors."

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__()
        self.errors = errors


class Refusal(exceptions.APIException):
    """The rule says no to what was sent; its sentence stands beside the field."""

    status_code = 422

    def __init__(self, detail: str, *, field: str, got: str = "") -> None:
        super().__init__(detail)
        self.errors = [{"field": field, "message": detail, "got": got}]


class NoModelYet(exceptions.APIException):
    """The institution has neither a model nor a rule that could answer."""

    status_code = 503
    default_detail = (
        "No model has been trained for this institution yet, and no rule fits its records. Bring in records first."
    )


class BodyTooLarge(exceptions.APIException):
    """The body is larger than the portal reads."""

    status_code = 413
    default_detail = "The body is too large. Send at most 2.5 MB, for one student at a time."


class FileTooLarge(exceptions.APIException):
    """The file is larger than the portal takes."""

    status_code = 413


class Conflict(exceptions.APIException):
    """The rule says no as things stand; `uploads` name what has to be taken back first."""

    status_code = 409

    def __init__(self, detail: str, uploads: list[dict[str, str]] | None = None) -> None:
        super().__init__(detail)
        self.uploads = uploads


def problem(status: int, detail: str, **more: list[dict[str, str]] | None) -> dict[str, Any]:
    """Return the body of a problem; `more` are its lists, left out where there are none."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return body | {name: listed for name, listed in more.items() if listed is not None}


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """Word what went wrong; what is our own fault is left to the server error handler."""
    if isinstance(error, RequestDataTooBig):
        error = BodyTooLarge()
    response = exception_handler(error, context)
    if response is None:
        return None
    detail = str(getattr(error, "detail", "")) or HTTPStatus(response.status_code).phrase
    if isinstance(error, Http404):
        detail = "There is nothing here that this key may see."
    lists = {name: getattr(error, name, None) for name in ("errors", "uploads")}
    body = problem(response.status_code, detail, **lists)
    return Response(body, status=response.status_code, headers=_kept(response), content_type=CONTENT_TYPE)


def _kept(response: Response) -> dict[str, str]:
    return {name: value for name, value in response.items() if name in ("WWW-Authenticate", "Retry-After", "Allow")}


def problem_page(request: HttpRequest, status: int, detail: str) -> JsonResponse:
    """Answer outside of a view in the same form: unknown addresses and our own failures below /api/."""
    return JsonResponse(problem(status, detail), status=status, content_type=CONTENT_TYPE)
