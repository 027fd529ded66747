"""Reports on the data that models learn from."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job
from modeling.models.versions import Dataset


class EdaReport(models.Model):
    """What a dataset was seen to hold: its job, and the figures as JSON once they are there."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="eda_report")
    # None until the records were frozen, unless a dataset was asked for.
    dataset = models.ForeignKey(Dataset, null=True, on_delete=models.PROTECT, related_name="eda_reports")
    # As modeling.core.exploration.explore tells it, small cells hidden; empty until the job is done.
    content = models.JSONField(default=dict)
    # The same as one file to keep, drawn by the worker: matplotlib has no place in a web process. Large, so defer it.
    html = models.TextField(blank=True, default="")
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return str(self.public_id)
