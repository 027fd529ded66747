"""What people decided about models and the rule: added, never changed; the newest row holds."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.scope import ScopedManager
from modeling.models.versions import ModelVersion


class Promotion(models.Model):
    """A version that was let decide: by whom, what the gate said of it, and who would come and go."""

    class Kind(models.TextChoices):
        FIRST = "first"
        PROMOTED = "promoted"
        ROLLED_BACK = "rolled_back"

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="promotions")
    previous = models.ForeignKey(ModelVersion, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=Kind)
    # The checks of the gate as they stood: [{"check", "value", "limit", "passed", "sentence"}].
    gate = models.JSONField(default=list)
    # Why it was promoted against a failed check; empty where every check passed.
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.version} {self.kind}"


class RuleSet(models.Model):
    """The school's own rule as it was written on a day; without a row configs/rules.yaml holds."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    # As in configs/rules.yaml: [{"feature", "op", "value", "points", "words", "domain"}].
    rules = models.JSONField()
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"rule of {self.at:%Y-%m-%d}"


class ModelSwitch(models.Model):
    """The model was switched off or on: off, the rule makes the list and no estimate is shown anywhere."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    is_on = models.BooleanField()
    reason = models.CharField(max_length=500, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return "on" if self.is_on else "off"
