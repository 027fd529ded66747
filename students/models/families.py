"""What families are told: facts only, in words a person approved, in the family's language, unless it said no."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class FamilyTemplate(models.Model):
    """The words of a message, with fields for facts; risk is never one. It may be used once a person approved it."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    language = models.CharField(max_length=10)
    body = models.TextField(max_length=2000)
    written_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField()
    approved_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField(null=True)
    is_active = models.BooleanField(default=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["name", "language", "-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"


class FamilyMessage(models.Model):
    """A message as a family got it: the finished words, who approved them, how they went out. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="family_messages")
    template = models.ForeignKey(FamilyTemplate, on_delete=models.PROTECT, related_name="+")
    language = models.CharField(max_length=10)
    words = models.TextField(max_length=3000)
    approved_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    approved_at = models.DateTimeField()
    request_key = models.UUIDField(null=True)

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-approved_at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["approved_by", "request_key"], name="one_message_per_request")]

    def __str__(self) -> str:
        return f"{self.approved_at:%Y-%m-%d}"


class FamilyWish(models.Model):
    """In which language a family wants to hear from the school, or that it does not. Added; the newest holds."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="family_wishes")
    language = models.CharField(max_length=10, default="en")
    opted_out = models.BooleanField(default=False)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.language}{' no' if self.opted_out else ''}"
