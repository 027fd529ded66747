"""The endpoints for what became of students, and for help that begins: as the pages record them."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import scope
from predictions import given_help
from predictions.api import documents, staff_bodies, staff_documents
from predictions.api.problems import Refusal
from predictions.api.views import ClientView, asking_client
from predictions.api.writing import KEY_PARAMETER, answered_once, student_of
from predictions.repeated_requests import Answered
from students.models import HelpPlan
from students.outcomes import outcomes_recorded

REFUSALS = documents.problems(400, 401, 403, 404, 413, 415, 422, 429)


class Outcomes(ClientView):
    """What became of students."""

    needs_scope = "write_outcomes"

    @extend_schema(
        operation_id="record_outcome",
        parameters=[KEY_PARAMETER],
        request=staff_documents.OutcomeRequest,
        responses={200: staff_documents.OutcomeAnswer, 201: staff_documents.OutcomeAnswer, **REFUSALS},
        summary="Record what became of a student",
        description="200 where the same client said the same before. Outcomes are corrected on the student's page.",
    )
    def post(self, request: Request) -> Response:
        """Record an outcome, whose source is the client's name."""
        client = asking_client(request)
        # What exit codes count as, is each institution's own.
        with scope.entered(scope.of_institution(client.institution)):
            said = staff_bodies.read(staff_bodies.OutcomeBody, request.data)

        def act() -> Answered:
            now = timezone.now()
            outcome = outcomes_recorded.record(
                student=student_of(said.student),
                exit_code=said.exit_code,
                happened_on=said.happened_on,
                evidence=said.evidence,
                by=client,
                now=now,
            )
            answer = staff_documents.outcome(outcome)
            return Answered(status=201 if outcome.recorded_at == now else 200, answer=answer)

        return answered_once(request, act)


class Interventions(ClientView):
    """Help that begins."""

    needs_scope = "write_interventions"

    @extend_schema(
        operation_id="begin_intervention",
        parameters=[KEY_PARAMETER],
        request=staff_documents.InterventionRequest,
        responses={200: staff_documents.InterventionAnswer, 201: staff_documents.InterventionAnswer, **REFUSALS},
        summary="Record help that begins",
        description="200 where the same client said the same before. Until somebody takes it on on its page, "
        "the client's name stands where a person's would.",
    )
    def post(self, request: Request) -> Response:
        """Record help, planned as is usual for its kind."""
        client = asking_client(request)
        # Which kinds of help there are, is each institution's own.
        with scope.entered(scope.of_institution(client.institution)):
            said = staff_bodies.read(staff_bodies.InterventionBody, request.data)

        def act() -> Answered:
            now = timezone.now()
            student = student_of(said.student)
            if said.started_on > student.institution.day_of(now):
                words = _("This day lies ahead. Record help once it has begun.")
                raise Refusal(words, field="started_on", got=said.started_on.isoformat())
            intervention = given_help.begin(
                student=student, kind=said.kind, started_on=said.started_on, goal=said.goal, by=client, now=now
            )
            plan = HelpPlan.objects.filter(intervention=intervention).first()
            is_new = plan is not None and plan.created_at == now
            answer = staff_documents.intervention(intervention, plan)
            return Answered(status=201 if is_new else 200, answer=answer)

        return answered_once(request, act)
