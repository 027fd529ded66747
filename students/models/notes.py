"""Notes about a student: who wrote them, who reads them, and every wording they had."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import scope
from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager, ScopedQuerySet


class Readers(models.TextChoices):
    """Who reads a note, of those who may see the student; its author always does."""

    ALL = "all", _("Everybody who may see this student")
    ROLE = "role", _("Those who have my role")
    NAMED = "named", _("The people I name")


class NoteKind(models.TextChoices):
    """What a note is for."""

    NOTE = "note", _("Note")
    HAND_OVER = "hand_over", _("Hand-over to the next year or school")


class NotesManager(ScopedManager):
    """Notes that whoever asks may read. The database says the same by its policies."""

    # Leads to the note. No argument: Django makes the managers of relations without any.
    path = ""

    def __init__(self) -> None:
        super().__init__(f"{self.path}student__school")

    def get_queryset(self) -> ScopedQuerySet:
        """Return the rows within the current scope that are for whoever works in it."""
        asking = scope.current()
        readable = Q(**{f"{self.path}visibility": Readers.ALL})
        if asking.user_id is not None:
            readable |= Q(**{f"{self.path}author_id": asking.user_id})
            readable |= Q(**{f"{self.path}named__contains": [asking.user_id]})
            readable |= Q(**{f"{self.path}visibility": Readers.ROLE, f"{self.path}role": asking.role or ""})
        return super().get_queryset().filter(readable)


class RevisionsManager(NotesManager):
    """Wordings of notes that whoever asks may read."""

    path = "note__"


class Note(models.Model):
    """A note and its readers. What it says stands in its revisions. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=NoteKind, default=NoteKind.NOTE)
    visibility = models.CharField(max_length=10, choices=Readers)
    # The author's role when it was written, where those of one role read it.
    role = models.CharField(max_length=30, blank=True)
    # Keys of people: an array, so that the policy finds them in the row itself.
    named = ArrayField(models.BigIntegerField(), default=list)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    written_at = models.DateTimeField()
    request_key = models.UUIDField()

    objects = NotesManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["author", "request_key"], name="one_note_per_request"),
            models.CheckConstraint(condition=Q(visibility__in=Readers.values), name="note_readers_known"),
            models.CheckConstraint(condition=Q(kind__in=NoteKind.values), name="note_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.written_at:%Y-%m-%d}"

    def may_be_revised_by(self, user: User) -> bool:
        """Tell whether somebody may word it anew: its author, or a person named in it."""
        return user.pk == self.author_id or user.pk in self.named


class NoteRevision(models.Model):
    """One wording of a note; the one with the highest number holds. Added, never changed; read where its note is."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    note = models.ForeignKey(Note, on_delete=models.CASCADE, related_name="revisions", db_index=False)
    number = models.PositiveIntegerField()
    words = models.TextField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    objects = RevisionsManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["note", "number"], name="one_revision_per_number")]

    def __str__(self) -> str:
        return f"{self.note_id}.{self.number}"


class DraftsManager(ScopedManager):
    """Drafts of whoever asks."""

    def get_queryset(self) -> ScopedQuerySet:
        """Return the drafts within the current scope of the person who works in it."""
        return super().get_queryset().filter(author_id=scope.current().user_id)


class NoteDraft(models.Model):
    """What somebody is about to write of a student: seen by them alone, gone once it is a note."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=NoteKind, default=NoteKind.NOTE)
    visibility = models.CharField(max_length=10, choices=Readers)
    named = ArrayField(models.BigIntegerField(), default=list)
    words = models.TextField()
    saved_at = models.DateTimeField()

    objects = DraftsManager("student__school")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["author", "student"], name="one_draft_per_author_and_student")]

    def __str__(self) -> str:
        return f"draft of {self.author_id}"
