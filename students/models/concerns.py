"""What staff notice in a student, good or worrying, and what they hear back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class Concern(models.Model):
    """A raised hand, or a good word, of any member of staff. Its answers stand beside it."""

    class Kind(models.TextChoices):
        CONCERN = "concern", _("Concern")
        KUDOS = "kudos", _("Good news")

    class State(models.TextChoices):
        OPEN = "open", _("Waits for an answer")
        ANSWERED = "answered", _("Answered")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="concerns")
    kind = models.CharField(max_length=10, choices=Kind)
    words = models.CharField(max_length=1000, blank=True)
    raised_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="concerns")
    raised_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    # When whoever raised it read the newest answer.
    heard_at = models.DateTimeField(null=True)
    # Made up by the form that was opened: a double click sends the same, and stands once.
    request_key = models.UUIDField(null=True)

    objects = ScopedManager("student__school")

    class Meta:
        indexes = [models.Index(fields=["institution", "state", "-raised_at"], name="concern_by_state")]
        constraints = [
            models.UniqueConstraint(fields=["raised_by", "request_key"], name="one_concern_per_request"),
            models.CheckConstraint(condition=Q(kind__in=["concern", "kudos"]), name="concern_kind_known"),
            models.CheckConstraint(condition=Q(state__in=["open", "answered"]), name="concern_state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.raised_at:%Y-%m-%d} {self.kind}"


class ConcernAnswer(models.Model):
    """What whoever raised a hand hears back. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    concern = models.ForeignKey(Concern, on_delete=models.CASCADE, related_name="answers")
    words = models.CharField(max_length=1000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
