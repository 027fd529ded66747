"""Bodies and answers about what staff say, as the OpenAPI schema shows them, and the answers themselves."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from predictions.models import DecidedBy, Verdict
from students.models import HelpPlan, Intervention, Outcome

_WHO = "The UUID in the address of the student's page."
_WORDS = "Free text, at most 300 letters."

# Named in the settings, so that the schema can tell one list of kinds from the next.
VERDICT_KINDS, OUTCOME_KINDS = Verdict.Kind.values, Outcome.Kind.values


class OutcomeRequest(serializers.Serializer[Any]):
    """What became of a student."""

    student = serializers.UUIDField(help_text=_WHO)
    exit_code = serializers.CharField(help_text="One of configs/outcomes.yaml, or Ed-Fi's descriptor of it.")
    happened_on = serializers.DateField(help_text="Today at the latest, by the institution's calendar.")
    evidence = serializers.CharField(required=False, max_length=300, help_text=f"What it goes by. {_WORDS}")


class OutcomeAnswer(serializers.Serializer[Any]):
    """An outcome as it stands on record."""

    student = serializers.UUIDField()
    exit_code = serializers.CharField()
    kind = serializers.ChoiceField(choices=OUTCOME_KINDS, help_text="What the code counts as.")
    happened_on = serializers.DateField()
    known_on = serializers.DateField()
    evidence = serializers.CharField(allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        """Add `source`, which a field uses for itself."""
        return {**super().get_fields(), "source": serializers.CharField(help_text="The client's name.")}


class InterventionRequest(serializers.Serializer[Any]):
    """Help that has begun."""

    student = serializers.UUIDField(help_text=_WHO)
    kind = serializers.CharField(help_text="The code of a kind of help that the institution offers.")
    started_on = serializers.DateField(help_text="Today at the latest, by the institution's calendar.")
    goal = serializers.CharField(required=False, max_length=300, help_text=f"What for. {_WORDS}")


class InterventionAnswer(serializers.Serializer[Any]):
    """Help as it stands on record, planned as is usual for its kind."""

    id = serializers.UUIDField(allow_null=True, help_text="In the address of its page. Null where a file brought it.")
    student = serializers.UUIDField()
    kind = serializers.CharField()
    started_on = serializers.DateField()
    goal = serializers.CharField(allow_blank=True)
    owner = serializers.CharField(help_text="Who carries it; the client's name until somebody takes it on.")
    due_on = serializers.DateField(allow_null=True)
    check_every_days = serializers.IntegerField(allow_null=True)


class VerdictRequest(serializers.Serializer[Any]):
    """What somebody says of a flag."""

    student = serializers.UUIDField(help_text=_WHO)
    kind = serializers.ChoiceField(choices=VERDICT_KINDS)
    reason = serializers.CharField(required=False, max_length=300, help_text=f"{_WORDS} wrong_fact needs it.")
    until_on = serializers.DateField(
        required=False, allow_null=True, help_text="Of not_now: after today, within a year; left out, for two weeks."
    )


class VerdictAnswer(serializers.Serializer[Any]):
    """One verdict, and the list it is about."""

    student = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=VERDICT_KINDS)
    until_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Free text by staff: handle it as a student's record.")
    at = serializers.DateTimeField()
    by = serializers.CharField(allow_null=True, help_text="A person's name, or the client's that passed it on.")
    run = serializers.UUIDField(allow_null=True, help_text="The list that was looked at.")
    as_of = serializers.DateField(allow_null=True, help_text="The day of that list.")
    decided_by = serializers.ChoiceField(choices=DecidedBy.values, allow_null=True)
    model_version = serializers.CharField(allow_null=True, help_text="Null by the rule.")


class VerdictsAnswer(serializers.Serializer[Any]):
    """A page of verdicts."""

    verdicts = VerdictAnswer(many=True)
    next = serializers.CharField(allow_null=True, help_text="The path of the next page; null on the last.")


def outcome(row: Outcome) -> dict[str, Any]:
    """Word an outcome."""
    return {
        "student": str(row.student.public_id),
        "exit_code": row.exit_code,
        "kind": row.kind,
        "happened_on": row.happened_on.isoformat(),
        "known_on": row.known_on.isoformat(),
        "evidence": row.evidence,
        "source": row.source,
    }


def intervention(row: Intervention, plan: HelpPlan | None) -> dict[str, Any]:
    """Word help that began, with its plan where it has one."""
    return {
        "id": str(plan.public_id) if plan else None,
        "student": str(row.student.public_id),
        "kind": row.kind,
        "started_on": row.started_on.isoformat(),
        "goal": row.goal,
        "owner": plan.owner.display_name if plan and plan.owner else row.owner,
        "due_on": plan.due_on.isoformat() if plan and plan.due_on else None,
        "check_every_days": plan.check_every_days if plan else None,
    }


def verdict(row: Verdict) -> dict[str, Any]:
    """Word a verdict; what it needs is loaded with it."""
    giver = row.by.display_name if row.by else row.api_client.name if row.api_client else None
    run = row.score.run if row.score else None
    version = run.model_version if run and run.decided_by == DecidedBy.MODEL else None
    return {
        "student": str(row.student.public_id),
        "kind": row.kind,
        "until_on": row.until_on.isoformat() if row.until_on else None,
        "reason": row.reason,
        "at": row.at.isoformat(),
        "by": giver,
        "run": str(run.public_id) if run else None,
        "as_of": run.as_of.isoformat() if run else None,
        "decided_by": run.decided_by if run else None,
        "model_version": str(version) if version else None,
    }
