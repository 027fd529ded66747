"""Endpoints that write: the student named in the body, refusals beside the field, and a request that acts once."""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from collections.abc import Callable, Iterator

from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import scope
from predictions import repeated_requests, verdicts
from predictions.api import staff_bodies
from predictions.api.problems import Refusal
from predictions.api.views import asking_client
from predictions.repeated_requests import Answered
from students.models import Student
from students.outcomes import outcomes_recorded
from students.people import student_merges

KEY_HEADER = "Idempotency-Key"
KEY_PARAMETER = OpenApiParameter(
    KEY_HEADER,
    location=OpenApiParameter.HEADER,
    description="Of your choice, new for every request, such as a UUID. The same request under the same key acts once: "
    "later it is answered as the first time, with the header Idempotent-Replay. Kept for at least a day.",
)


def answered_once(request: Request, act: Callable[[], Answered]) -> Response:
    """Act within the institution of the client, in one transaction with what is kept under the request's key."""
    client, key = asking_client(request), staff_bodies.read_key(request.headers.get(KEY_HEADER))
    with _refusals_worded(), scope.entered(scope.of_institution(client.institution)):
        if key is None:
            answered = act()
        else:
            answered = repeated_requests.once(
                client=client, key=key, request_sha256=_digest(request), now=timezone.now(), act=act
            )
    replay = {"Idempotent-Replay": "true"} if answered.is_replay else None
    return Response(answered.answer, status=answered.status, headers=replay)


def student_of(public_id: uuid.UUID) -> Student:
    """Return a student of the institution in scope; of one who was merged into another, that one, as pages do.

    :raises Http404: if there is none
    """
    student = Student.objects.select_related("institution").filter(public_id=public_id).first()
    if student is None:
        raise Http404
    kept = student_merges.kept_for(student)
    return student if kept is None else kept


@contextlib.contextmanager
def _refusals_worded() -> Iterator[None]:
    try:
        yield
    except outcomes_recorded.Refused as refused:
        raise Refusal(str(refused), field="happened_on") from None
    except verdicts.Refused as refused:
        raise Refusal(str(refused), field=refused.field) from None
    except repeated_requests.AnotherRequest:
        words = _("This key came with another request before. Take a new key for a new request.")
        raise Refusal(words, field=KEY_HEADER) from None


def _digest(request: Request) -> str:
    said = json.dumps([request.method, request.path, request.data], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()
