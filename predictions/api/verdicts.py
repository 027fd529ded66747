"""The endpoint for what staff say of flags: pass a verdict on, and read what was said since."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import audit_log, scope
from predictions import verdicts
from predictions.api import documents, staff_bodies, staff_documents
from predictions.api.views import ClientView, asking_client
from predictions.api.writing import KEY_PARAMETER, answered_once, student_of
from predictions.models import Verdict
from predictions.repeated_requests import Answered

_SHOWN_OF_A_VERDICT = (
    *("kind", "until_on", "reason", "at", "student__public_id", "by__display_name", "api_client__name"),
    *("score__run__public_id", "score__run__as_of", "score__run__decided_by"),
    "score__run__model_version__number",
)


class Verdicts(ClientView):
    """What staff say of flags."""

    needs_scope = "read_verdicts"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Ask for another scope of who writes."""
        if request.method not in SAFE_METHODS:
            self.needs_scope = "write_verdicts"
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="list_verdicts",
        parameters=[
            OpenApiParameter("student", OpenApiTypes.UUID, description="Of this student only."),
            OpenApiParameter("since", OpenApiTypes.DATETIME, description="Given at this moment or later."),
            OpenApiParameter("limit", OpenApiTypes.INT, description="At most so many: 1 to 200, usually 50."),
            OpenApiParameter("cursor", OpenApiTypes.STR, description="Of a next: where to go on."),
        ],
        responses={200: staff_documents.VerdictsAnswer, **documents.problems(400, 401, 403, 404, 429)},
        summary="Read what staff said of flags, the newest first",
    )
    def get(self, request: Request) -> Response:
        """Answer with a page of verdicts and the way to the next; the look is on record."""
        asked = staff_bodies.read(staff_bodies.VerdictsAsked, request.query_params.dict())
        client = asking_client(request)
        with scope.entered(scope.of_institution(client.institution)):
            # Keys first: joined below their policies, every verdict there is would be sorted for one page.
            found = list(_asked_for(asked).values_list("pk", flat=True)[: asked.limit + 1])
            shown = list(_shown().filter(pk__in=found[: asked.limit]).order_by("-at", "-pk"))
            audit_log.record(
                action="api_verdicts",
                by=client,
                now=timezone.now(),
                subjects=dict.fromkeys(verdict.student.public_id for verdict in shown),
                purpose=client.purpose,
                remote_address=request.META.get("REMOTE_ADDR") or None,
            )
        following = None
        if len(found) > len(shown):
            place = staff_bodies.cursor_of((shown[-1].at, shown[-1].pk))
            following = f"{request.path}?{urlencode(request.query_params.dict() | {'cursor': place})}"
        return Response({"verdicts": [staff_documents.verdict(row) for row in shown], "next": following})

    @extend_schema(
        operation_id="give_verdict",
        parameters=[KEY_PARAMETER],
        request=staff_documents.VerdictRequest,
        responses={
            200: staff_documents.VerdictAnswer,
            201: staff_documents.VerdictAnswer,
            **documents.problems(400, 401, 403, 404, 413, 415, 422, 429),
        },
        summary="Pass on what somebody says of a flag",
        description="200 where it is the student's newest already. The list respects it at once.",
    )
    def post(self, request: Request) -> Response:
        """Keep a verdict on the flag that stands."""
        said = staff_bodies.read(staff_bodies.VerdictBody, request.data)
        client = asking_client(request)

        def act() -> Answered:
            now = timezone.now()
            verdict = verdicts.give(
                student=student_of(said.student),
                kind=said.kind,
                reason=said.reason,
                until_on=said.until_on,
                by=client,
                now=now,
                request_key=uuid.uuid4(),
            )
            row = _shown().get(pk=verdict.pk)
            return Answered(status=201 if verdict.at == now else 200, answer=staff_documents.verdict(row))

        return answered_once(request, act)


def _shown() -> QuerySet[Verdict]:
    rows: QuerySet[Verdict] = Verdict.objects.select_related(
        "student", "by", "api_client", "score__run__model_version"
    ).only(*_SHOWN_OF_A_VERDICT)
    return rows


def _asked_for(asked: staff_bodies.VerdictsAsked) -> QuerySet[Verdict]:
    """Return the verdicts asked for, the newest first.

    :raises Http404: for a student whom this key may not see
    """
    rows: QuerySet[Verdict] = Verdict.objects.all()
    if asked.student is not None:
        rows = rows.filter(student=student_of(asked.student))
    if asked.since is not None:
        rows = rows.filter(at__gte=asked.since)
    if asked.cursor is not None:
        at, pk = asked.cursor
        # The first condition is one for the index, which ends with the moment.
        rows = rows.filter(at__lte=at).filter(Q(at__lt=at) | Q(pk__lt=pk))
    return rows.order_by("-at", "-pk")
