"""Bodies and answers as the OpenAPI schema shows them; reading is done in bodies.py."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from predictions.models import DecidedBy, Tier

WHY_RULE = ("no_model", "waits", "few_labels", "not_better", "switched_off", "file_changed")


class PredictRequest(serializers.Serializer[Any]):
    """One student's features as of a day."""

    as_of = serializers.DateField(help_text="The day the features describe.")
    features = serializers.DictField(
        help_text="By name; what is left out or null counts as missing. GET /api/models/current lists them."
    )


class ReasonAnswer(serializers.Serializer[Any]):
    """What was seen and how it compares."""

    code = serializers.CharField(help_text="Name of the feature.")
    text = serializers.CharField()
    value = serializers.JSONField(allow_null=True)
    comparison = serializers.CharField(allow_blank=True)
    direction = serializers.ChoiceField(choices=["raises", "lowers"])
    changeable = serializers.BooleanField(help_text="Whether a school can do something about it.")


class PredictAnswer(serializers.Serializer[Any]):
    """What is said of one student, with reasons: by the model, or by the rule, which estimates nothing."""

    dropout_risk = serializers.IntegerField(
        min_value=0, max_value=1, allow_null=True, help_text="1 at or above the model's threshold. Null by the rule."
    )
    probability = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, help_text="Calibrated, four decimals. Null by the rule."
    )
    tier = serializers.ChoiceField(choices=Tier.values, allow_null=True)
    reasons = ReasonAnswer(many=True)
    model_version = serializers.CharField(allow_null=True, help_text="Null by the rule.")
    as_of = serializers.DateField()
    insufficient_data = serializers.BooleanField(help_text="True where too little is known; there is no tier then.")
    decided_by = serializers.ChoiceField(choices=DecidedBy.values)
    why_rule = serializers.ChoiceField(choices=WHY_RULE, allow_null=True, help_text="Null by the model.")
    not_recorded = serializers.ListField(
        child=serializers.CharField(),
        help_text="Features without a value; by the rule those that it asks about. Where the model did not learn from "
        "such gaps the answer is the mean over likely values, and no reason names the feature.",
    )
    unknown_categories = serializers.DictField(
        child=serializers.CharField(),
        help_text="Categories the model never saw, or too seldom to learn from, by feature: they count like a value "
        "that is not recorded.",
    )


class FeatureDescription(serializers.Serializer[Any]):
    """One feature that may be brought."""

    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=["number", "flag", "category"])
    # The word is the contract's; a serializer has a `label` of its own, so it is declared by its source name.
    unit = serializers.CharField(allow_blank=True)
    changeable = serializers.BooleanField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    levels = serializers.DictField(child=serializers.CharField())

    def get_fields(self) -> dict[str, Any]:
        """Add `label`, which a class attribute would shadow."""
        return {**super().get_fields(), "label": serializers.CharField()}


class ModelDescription(serializers.Serializer[Any]):
    """Who answers: the model, or the rule, of which the fields about a model are null."""

    decided_by = serializers.ChoiceField(choices=DecidedBy.values)
    why_rule = serializers.ChoiceField(choices=WHY_RULE, allow_null=True)
    model_version = serializers.CharField(allow_null=True)
    sha256 = serializers.CharField(allow_null=True)
    trained_at = serializers.DateTimeField(allow_null=True)
    horizon_days = serializers.IntegerField(allow_null=True)
    threshold = serializers.FloatField(allow_null=True)
    features = FeatureDescription(many=True)


class FieldProblem(serializers.Serializer[Any]):
    """One field at fault."""

    field = serializers.CharField()
    message = serializers.CharField()
    got = serializers.CharField(allow_blank=True)


class LaterUpload(serializers.Serializer[Any]):
    """An upload that has to be taken back first."""

    id = serializers.UUIDField()
    filename = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """RFC 9457 problem details."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    uploads = LaterUpload(many=True, required=False, help_text="Later uploads that touched the same rows.")

    def get_fields(self) -> dict[str, Any]:
        """Add `errors`, which a serializer uses for itself."""
        return {**super().get_fields(), "errors": FieldProblem(many=True, required=False)}


def problems(*statuses: int) -> dict[tuple[int, str], type[Problem]]:
    """Return the error answers of an endpoint."""
    return {(status, "application/problem+json"): Problem for status in statuses}
