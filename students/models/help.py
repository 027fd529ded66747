"""What staff do for a student."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from students.models.people import Fact


class Intervention(Fact):
    """A piece of help: its kind, who carries it, from when to when, and what came of it."""

    class Kind(models.TextChoices):
        CONVERSATION = "conversation", _("Conversation")
        MENTOR = "mentor", _("Mentor")
        TUTORING = "tutoring", _("Tutoring")
        FAMILY_MEETING = "family_meeting", _("Family meeting")
        ATTENDANCE_CONTRACT = "attendance_contract", _("Attendance plan")
        OTHER = "other", _("Other help")

    kind = models.CharField(max_length=40, choices=Kind)
    goal = models.CharField(max_length=300, blank=True)
    owner = models.CharField(max_length=150)
    started_on = models.DateField()
    ended_on = models.DateField(null=True)
    result = models.CharField(max_length=300, blank=True)
    source_id = models.CharField(max_length=100, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["student", "started_on"], name="intervention_by_student"),
            models.Index(fields=["institution", "started_on"], name="intervention_by_day"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")), name="help_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.started_on}"
