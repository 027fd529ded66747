"""A job is a row: what is to be done, who holds it, how far it is, how it ended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id


class State(models.TextChoices):
    """Where a job is; the last two are final."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Working")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class Job(models.Model):
    """One piece of long work. Postgres remembers it; Celery only wakes a worker up."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="jobs")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    task = models.CharField(max_length=100)
    queue = models.CharField(max_length=20, default="default")
    idempotency_key = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    most_attempts = models.PositiveSmallIntegerField(default=3)
    lease_until = models.DateTimeField(null=True)
    heartbeat_at = models.DateTimeField(null=True)
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)
    progress_note = models.CharField(max_length=200, blank=True)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    sent_at = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "task", "idempotency_key"], name="one_job_per_key"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "running"], finished_at=None)
                | Q(state__in=["done", "failed"], finished_at__isnull=False),
                name="job_finished_at_when_ended",
            ),
            models.CheckConstraint(condition=~Q(state="running", lease_until=None), name="job_running_has_lease"),
        ]
        indexes = [
            models.Index(fields=["created_at"], condition=Q(state__in=["queued", "running"]), name="job_unfinished"),
        ]

    def __str__(self) -> str:
        return f"{self.task} {self.state}"

    @property
    def progress_share(self) -> float:
        """Return how much is done, in 0..1."""
        if self.state == State.DONE:
            return 1.0
        return min(self.progress_done / self.progress_total, 1.0) if self.progress_total else 0.0

    @property
    def is_over(self) -> bool:
        """Tell whether the job reached a final state."""
        return self.state in (State.DONE, State.FAILED)
