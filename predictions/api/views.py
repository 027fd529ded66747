"""The endpoints: each reads strictly, asks the domain once, and leaves a record."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts import audit_log, scope
from accounts.models import ApiClient
from predictions import answering, answers, prediction_log, runs
from predictions.api import bodies, documents
from predictions.api.authentication import HasScope
from predictions.api.problems import NoModelYet
from predictions.models import CurrentRisk


class ClientView(APIView):
    """An endpoint for API clients; works in the scope of the client's institution."""

    permission_classes = [HasScope]
    parser_classes = [bodies.StrictJSONParser]
    needs_scope = ""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """Answer, and forbid whoever stands between to keep it."""
        response = super().dispatch(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response


def asking_client(request: Request) -> ApiClient:
    """Return the client behind a request."""
    return request.user.client  # type: ignore[union-attr]


def _answerer() -> answering.Answerer:
    try:
        return answering.answerer()
    except answering.NothingDecides:
        raise NoModelYet from None


class Predict(ClientView):
    """Score one student from features."""

    needs_scope = "predict"

    @extend_schema(
        operation_id="predict",
        request=documents.PredictRequest,
        responses={200: documents.PredictAnswer, **documents.problems(400, 401, 403, 413, 429, 503)},
        summary="Score one student",
        description="The key's institution picks who answers: its model, or its own rule where that makes the list. "
        "The rule estimates nothing. Feature names, types and bounds: GET /api/models/current.",
    )
    def post(self, request: Request) -> Response:
        """Answer with probability, tier and reasons, and log the answer."""
        started = time.perf_counter()
        client = asking_client(request)
        with scope.entered(scope.of_institution(client.institution)):
            answerer = _answerer()
            described = tuple(json.dumps(fields, sort_keys=True) for fields in answerer.features)
            as_of, values = bodies.read_predict(request.data, features=described)
            answer = answerer.answer(as_of=as_of, values=values)
            prediction_log.record(
                client=client,
                version=answerer.version,
                as_of=as_of,
                features=values,
                answer=answer,
                duration_ms=(time.perf_counter() - started) * 1000,
                now=timezone.now(),
            )
        return Response(answer)


class CurrentModel(ClientView):
    """Who answers, and what may be brought."""

    needs_scope = "predict"

    @extend_schema(
        operation_id="current_model",
        responses={200: documents.ModelDescription, **documents.problems(401, 403, 429, 503)},
        summary="Describe the model or the rule that answers",
    )
    def get(self, request: Request) -> Response:
        """Answer with the features that may be brought: names, types, bounds, levels."""
        with scope.entered(scope.of_institution(asking_client(request).institution)):
            answerer = _answerer()
        version = answerer.version
        features = [
            {key: fields[key] for key in ("name", "kind", "label", "unit", "changeable", "low", "high", "levels")}
            for fields in answerer.features
        ]
        return Response(
            {
                "decided_by": answerer.decided.kind,
                "why_rule": answerer.decided.reason or None,
                "model_version": str(version) if version else None,
                "sha256": version.sha256 if version else None,
                "trained_at": version.trained_at if version else None,
                "horizon_days": version.specification["horizon_days"] if version else None,
                "threshold": version.threshold if version else None,
                "features": features,
            }
        )


class StudentRisk(ClientView):
    """The published score of one student."""

    needs_scope = "read_risk"

    @extend_schema(
        operation_id="student_risk",
        responses={200: documents.PredictAnswer, **documents.problems(401, 403, 404, 429)},
        summary="Read a student's current score",
    )
    def get(self, request: Request, public_id: uuid.UUID) -> Response:
        """Answer with what the list says of a student."""
        client = asking_client(request)
        with scope.entered(scope.of_institution(client.institution)):
            current = (
                CurrentRisk.objects.select_related("score__run__model_version")
                .defer(
                    "score__run__model_version__booster_text",
                    "score__run__model_version__evaluation",
                    "score__contributions",
                )
                .filter(student__public_id=public_id)
                .first()
            )
            if current is None or not runs.may_be_shown(current.score.run):
                raise Http404
            audit_log.record(
                action="api_student_risk",
                by=client,
                now=timezone.now(),
                subjects=[public_id],
                purpose=client.purpose,
                remote_address=request.META.get("REMOTE_ADDR") or None,
            )
            answer = answers.for_score(current.score)
        return Response(answer)
