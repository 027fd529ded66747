"""Where the facts came from: uploads, and the cohorts they brought."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job


class Cohort(models.Model):
    """The students one flat file brings, with the schema that says what each column is."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=200)
    schema = models.JSONField()
    snapshot_on = models.DateField()
    horizon_days = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="one_cohort_per_name")]

    def __str__(self) -> str:
        return self.name


class Upload(models.Model):
    """One file that somebody sent: its content hash, its job, and what came of it."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="uploads")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="upload")
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.SET_NULL, related_name="uploads")
    filename = models.CharField(max_length=255)
    content_sha256 = models.CharField(max_length=64)
    schema_yaml = models.TextField()
    stored_as = models.CharField(max_length=255)
    n_rows = models.PositiveBigIntegerField(default=0)
    n_errors = models.PositiveBigIntegerField(default=0)
    errors = models.JSONField(default=list)
    summary = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename
