"""What models were trained on, how they did, and which one decides."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.functional import cached_property

from accounts.models import Institution, User
from accounts.scope import ScopedManager


class Dataset(models.Model):
    """Frozen snapshots and labels, by the hash of their content: what a model was trained on, exactly."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    content_sha256 = models.CharField(max_length=64)
    stored_as = models.CharField(max_length=255)
    snapshot_dates = ArrayField(models.DateField())
    horizon_days = models.PositiveIntegerField()
    n_rows = models.PositiveIntegerField()
    n_students = models.PositiveIntegerField()
    n_positive = models.PositiveIntegerField()
    censored = models.JSONField(default=dict)
    # How many labels came from whom: file, staff, corrections. Empty of a dataset that was frozen before this was told.
    said = models.JSONField(default=dict, db_default={})
    created_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "content_sha256"], name="one_dataset_per_content")
        ]

    def __str__(self) -> str:
        return self.content_sha256[:12]


class ModelVersion(models.Model):
    """A model as numbers: booster text and JSON under one SHA-256, with its figures. Only who decides changes."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="model_versions")
    booster_text = models.TextField()
    # Text, not jsonb: the database would write numbers anew, and the hash is over bytes.
    specification_json = models.TextField()
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField()
    # Curves, intervals, groups, stability, importance: what the pages and the card show. Large, so defer it.
    evaluation = models.JSONField(default=dict)
    # The configuration as it was, so that the same training can be done again.
    config_yaml = models.TextField(blank=True, default="")
    threshold = models.FloatField()
    seed = models.BigIntegerField()
    code_version = models.CharField(max_length=64)
    library_versions = models.JSONField(default=dict)
    mlflow_run_id = models.CharField(max_length=64, blank=True)
    # What MLflow was last told of its standing: "champion", "challenger" or neither.
    mlflow_alias = models.CharField(max_length=20, blank=True, default="")
    is_champion = models.BooleanField(default=False)
    is_challenger = models.BooleanField(default=False)
    trained_at = models.DateTimeField()
    trained_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    promoted_at = models.DateTimeField(null=True)
    promoted_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["institution", "number"], name="one_model_per_number"),
            models.UniqueConstraint(fields=["institution"], condition=Q(is_champion=True), name="one_champion"),
            models.UniqueConstraint(fields=["institution"], condition=Q(is_challenger=True), name="one_challenger"),
            models.CheckConstraint(
                condition=Q(is_champion=False) | Q(is_challenger=False), name="champion_is_no_challenger"
            ),
            models.CheckConstraint(condition=Q(threshold__gte=0, threshold__lte=1), name="model_threshold_share"),
        ]

    def __str__(self) -> str:
        return f"model {self.number}"

    @cached_property
    def specification(self) -> dict[str, Any]:
        """Return features, calibration, threshold and reference, read from their stored bytes."""
        return json.loads(self.specification_json)
