"""What the API answered, also to whoever asks again, and what a promotion would change."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import ApiClient, Institution, User
from accounts.scope import ScopedManager
from jobs.models import Job
from modeling.models import ModelVersion
from predictions.models.runs import ScoringRun


class PromotionPreview(models.Model):
    """Who would come onto the list and who would leave it, were a version to decide: worked out before the click."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="promotion_preview")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="previews")
    # The list it is compared with.
    run = models.ForeignKey(ScoringRun, null=True, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField(null=True)
    n_listed = models.PositiveIntegerField(default=0)
    entering = ArrayField(models.BigIntegerField(), default=list)
    leaving = ArrayField(models.BigIntegerField(), default=list)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    worked_out_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"preview of {self.version_id}"


class PredictionLog(models.Model):
    """One answer of the API: what was asked, what was said, by which model, for whom. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    api_client = models.ForeignKey(ApiClient, on_delete=models.PROTECT, related_name="+")
    purpose = models.CharField(max_length=200)
    # None where the rule answered.
    model_version = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateField()
    features = models.JSONField()
    answer = models.JSONField()
    duration_ms = models.FloatField()

    objects = ScopedManager()

    class Meta:
        indexes = [models.Index(fields=["institution", "-at"], name="prediction_log_by_time")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"


class IdempotentAnswer(models.Model):
    """What a request with an Idempotency-Key was answered, so that the same one sent again acts no second time.

    Made as the request begins and filled in as it ends, in one transaction: nobody sees it without its answer.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    api_client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=200)
    request_sha256 = models.CharField(max_length=64)
    at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    # As text: what stands in it comes back letter by letter, in its order.
    answer = models.TextField(blank=True, default="")

    objects = ScopedManager()

    class Meta:
        indexes = [models.Index(fields=["api_client", "at"], name="idempotent_answer_by_time")]
        constraints = [models.UniqueConstraint(fields=["api_client", "key"], name="one_answer_per_idempotency_key")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.status}"
