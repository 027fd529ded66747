"""What anybody of the staff says of a student to whoever looks after them: a concern, or something good."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class Concern(models.Model):
    """Words about a student, and to whom they go. A concern is closed by an answer, kudos by having been seen."""

    class Kind(models.TextChoices):
        CONCERN = "concern", _("Concern")
        KUDOS = "kudos", _("Kudos")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="concerns")
    kind = models.CharField(max_length=10, choices=Kind)
    words = models.CharField(max_length=1000)
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    raised_at = models.DateTimeField()
    # Who looks after the student; with nobody it goes to the school leads who see the student.
    to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    closed_at = models.DateTimeField(null=True)
    request_key = models.UUIDField()

    objects = ScopedManager("student__school")

    class Meta:
        indexes = [
            models.Index(
                fields=["institution", "to", "id"], condition=Q(closed_at=None), name="concern_open_by_receiver"
            ),
            models.Index(fields=["raised_by", "closed_at"], name="concern_by_raiser"),
            models.Index(fields=["institution", "id"], name="concern_by_institution"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["raised_by", "request_key"], name="one_concern_per_request"),
            models.CheckConstraint(condition=Q(kind__in=["concern", "kudos"]), name="concern_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.raised_at:%Y-%m-%d}"


class ConcernStep(models.Model):
    """How a concern was closed: when, by whom, in words. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    concern = models.ForeignKey(Concern, on_delete=models.CASCADE, related_name="steps")
    # Empty where kudos were seen.
    words = models.CharField(max_length=1000, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.concern_id}"
