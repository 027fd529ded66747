"""What staff write about a student: notes that some may read, every version kept; drafts; words for the next team."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class Note(models.Model):
    """A note on a student; its words are in its revisions. Row security refuses it to who is not among its readers."""

    class Visibility(models.TextChoices):
        TEAM = "team", _("Everybody who may see this student")
        NAMED = "named", _("Only me and the people I name")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="notes")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="notes")
    visibility = models.CharField(max_length=10, choices=Visibility)
    # Raised by one at every revision, so that the second of two editors sees the first one's.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    request_key = models.UUIDField(null=True)

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["author", "request_key"], name="one_note_per_request"),
            models.CheckConstraint(condition=Q(visibility__in=["team", "named"]), name="note_visibility_known"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)


class NoteReader(models.Model):
    """Somebody whom the author of a restricted note let read it."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="readers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="one_reader_per_note")]

    def __str__(self) -> str:
        return f"{self.note_id} for {self.user_id}"


class NoteRevision(models.Model):
    """The words of a note as they stood from a moment on. Added, never changed; the newest is the note."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    body = models.TextField(max_length=10_000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("note__student__school")

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["note", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.note_id}.{self.number}"


class NoteDraft(models.Model):
    """What somebody has typed and not yet kept: a closed laptop loses nothing. Seen by its author alone."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    body = models.TextField(max_length=10_000, blank=True)
    saved_at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["author", "student"], name="one_draft_per_student")]

    def __str__(self) -> str:
        return f"draft on {self.student_id}"


class HandoverNote(models.Model):
    """Words for whoever looks after a student next: the next year's team, or the next school. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="handover_notes")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=2000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d}"
