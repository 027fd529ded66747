"""Trainings that were asked for."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job
from modeling.models.versions import Dataset, ModelVersion


class TrainingRun(models.Model):
    """One training asked for: its job, what it learns from, and the model that came of it."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="training_run")
    # None: the records as they are when the training begins.
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.PROTECT, related_name="training_runs")
    # "": configs/training_config.yaml as it is when the training begins.
    config_yaml = models.TextField(blank=True, default="")
    model_version = models.OneToOneField(ModelVersion, null=True, on_delete=models.PROTECT, related_name="training_run")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return str(self.public_id)
