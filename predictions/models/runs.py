"""What was predicted, when, by which model: runs, and each student's score with what it is made of."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job
from modeling.models import ModelVersion
from predictions import packed_scores
from predictions.packed_scores import PackedFloats
from students.models import Student


class Tier(models.TextChoices):
    """What to do first, in words."""

    REVIEW_FIRST = "review_first"
    CHECK_IN = "check_in"
    ROUTINE_SUPPORT = "routine_support"


class DecidedBy(models.TextChoices):
    """What made the order of a list."""

    MODEL = "model"
    RULE = "rule"


class ScoringRun(models.Model):
    """One scoring of every eligible student as of a date; visible once published, never changed after."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # None where the scores of another run were published anew, because the model was switched off or on.
    job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="scoring_run")
    republishes = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    # None where there was no model yet: the rule alone made the list.
    model_version = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="scoring_runs")
    decided_by = models.CharField(max_length=10, choices=DecidedBy, default=DecidedBy.MODEL)
    # Why the rule decided: "no_model", "waits", "few_labels", "not_better",
    # "switched_off", "file_changed"; "" where the model did.
    why_rule = models.CharField(max_length=20, blank=True)
    # The rule as it was applied, in the form of configs/rules.yaml, and of each whether a school can change it.
    rules = models.JSONField(default=list)
    # "cuts": what the k-th and the 2k-th student by the rule are sorted by; "n_by_points": how many share each number.
    rule_standing = models.JSONField(default=dict)
    # Values that at least half of the students share, by feature: no reason is told of them, here or by the API.
    usual_values = models.JSONField(default=dict)
    # What the reasons of its scores say alike, and their codes, each once: predictions.packed_scores.
    reason_book = models.JSONField(default=dict)
    as_of = models.DateField()
    # The end of the term that urgency looks to, and the last day on which the usual help still fits before it.
    term_ends_on = models.DateField(null=True)
    act_by = models.DateField(null=True)
    capacity = models.PositiveIntegerField(default=0)
    review_first_from = models.FloatField(null=True)
    check_in_from = models.FloatField(null=True)
    n_scored = models.PositiveIntegerField(default=0)
    n_insufficient = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"scores as of {self.as_of}"

    def reasons_of(self, score: RiskScore) -> list[dict[str, Any]]:
        """Return the reasons of one of this run's scores, the largest contribution first."""
        return packed_scores.reasons(bytes(score.packed_reasons), self.reason_book)


class RiskScore(models.Model):
    """One student's score in one run, with what it is made of. Added, never changed."""

    # Without an index of each key's own: those below begin with student and run. To switch a list of 100,000 takes the
    # server 4.1 s so, 4.9 s with them; and the institution's led it to compare every student with every score.
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="scores", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="risk_scores", db_index=False)
    # The model's half; None and empty where there was no model.
    risk = models.FloatField(null=True)
    # The risk of leaving before the term ends; None where there were too few such labels to learn from.
    term_risk = models.FloatField(null=True)
    log_odds = models.FloatField(null=True)
    base_value = models.FloatField(null=True)
    contributions = PackedFloats(default=list)
    packed_reasons = models.BinaryField(default=bytes)
    # Names without a value and codes the model did not learn (`modeling.core.not_known`); {} where nobody noted it.
    unknown = models.JSONField(default=dict)
    model_rank = models.PositiveIntegerField(null=True)
    # The rule's half: its points, and which of the run's rules the student meets, by position.
    rule_points = models.FloatField(null=True)
    rules_met = ArrayField(models.PositiveSmallIntegerField(), default=list)
    rule_rank = models.PositiveIntegerField(null=True)
    # As listed: by the model or by the rule, as the run says.
    tier = models.CharField(max_length=20, blank=True)
    rank = models.PositiveIntegerField(null=True)
    insufficient_data = models.BooleanField(default=False)

    objects = ScopedManager("student__school")

    class Meta:
        indexes = [models.Index(fields=["student", "-run"], name="score_by_student")]
        constraints = [
            # A run is of one institution; with it, the list's rows can point here by one key.
            models.UniqueConstraint(fields=["run", "student", "institution"], name="one_score_per_run"),
            models.CheckConstraint(condition=Q(risk__gte=0, risk__lte=1), name="score_risk_share"),
            models.CheckConstraint(condition=Q(term_risk__gte=0, term_risk__lte=1), name="score_term_risk_share"),
            models.CheckConstraint(
                condition=Q(insufficient_data=True, rank=None, tier="")
                | Q(insufficient_data=False, rank__isnull=False, rank__gte=1, tier__in=Tier.values),
                name="score_ranked_unless_insufficient",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.run_id}/{self.student_id}"
