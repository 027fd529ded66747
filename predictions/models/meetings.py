"""A meeting on a list: who is talked about, in which order, and what was decided."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from predictions.models.runs import ScoringRun
from students.models import Intervention, Student


class Meeting(models.Model):
    """One meeting of a team. Everything said in it is kept at once, so a closed laptop loses nothing."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    title = models.CharField(max_length=120)
    school = models.ForeignKey(School, null=True, on_delete=models.PROTECT, related_name="+")
    # The list it was made from; None where students were chosen by hand.
    run = models.ForeignKey(ScoringRun, null=True, on_delete=models.PROTECT, related_name="+")
    held_on = models.DateField()
    created_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    mailed_at = models.DateTimeField(null=True)
    # Raised by one at every change, so that everybody in the room can ask whether something is new.
    version = models.PositiveIntegerField(default=1)
    request_key = models.UUIDField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["-held_on", "-pk"]
        constraints = [models.UniqueConstraint(fields=["created_by", "request_key"], name="one_meeting_per_request")]

    def __str__(self) -> str:
        return self.title


class MeetingItem(models.Model):
    """One student in a meeting, at a place in its order."""

    class State(models.TextChoices):
        OPEN = "open", _("Not yet talked about")
        DECIDED = "decided", _("Decided")
        PARKED = "parked", _("Parked")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="meeting_items")
    place = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "student"], name="one_item_per_student"),
            models.CheckConstraint(condition=Q(state__in=["open", "decided", "parked"]), name="meeting_item_state"),
        ]

    def __str__(self) -> str:
        return f"{self.meeting_id}: {self.place}"


class MeetingDecision(models.Model):
    """What was decided for one student: the help, who carries it, by when. Added, never changed; the newest holds.

    Without a kind of help: parked, with the words why.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(MeetingItem, on_delete=models.CASCADE, related_name="decisions")
    help_kind = models.CharField(max_length=40, blank=True)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    due_on = models.DateField(null=True)
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.item_id} {self.help_kind}"


class MeetingHelp(models.Model):
    """Which help the end of a meeting began, so that ending it twice begins nothing twice. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    item = models.OneToOneField(MeetingItem, on_delete=models.CASCADE, related_name="help")
    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="+")

    objects = ScopedManager("student__school")

    def __str__(self) -> str:
        return f"{self.item_id}"
