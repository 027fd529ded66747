"""How far each feature of a scoring run lies from what the model was trained on."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution
from accounts.scope import ScopedManager
from predictions.models import ScoringRun


class DriftReport(models.Model):
    """The comparison of one scoring run with its model's reference."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    run = models.OneToOneField(ScoringRun, on_delete=models.PROTECT, related_name="drift_report")
    created_at = models.DateTimeField()

    objects = ScopedManager()

    def __str__(self) -> str:
        return f"drift of run {self.run_id}"


class FeatureDrift(models.Model):
    """One feature's distance from its reference in one run."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    report = models.ForeignKey(DriftReport, on_delete=models.CASCADE, related_name="features")
    feature = models.CharField(max_length=80)
    psi = models.FloatField(null=True)
    level = models.CharField(max_length=20)
    n_students = models.PositiveIntegerField()
    missing_share = models.FloatField(null=True)
    reference_missing_share = models.FloatField()

    objects = ScopedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "feature"], name="one_drift_row_per_feature")]

    def __str__(self) -> str:
        return self.feature
