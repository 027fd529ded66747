"""What staff do for a student: the help itself, how it is planned, looked at on the way, and ended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from students.models.people import Fact


class Intervention(Fact):
    """A piece of help: its kind, who carries it, from when to when, and what came of it."""

    class Kind(models.TextChoices):
        """The kinds that have names in every language of the portal; configs/help_kinds.yaml may hold others."""

        CONVERSATION = "conversation", _("Conversation")
        MENTOR = "mentor", _("Mentor")
        TUTORING = "tutoring", _("Tutoring")
        FAMILY_MEETING = "family_meeting", _("Family meeting")
        ATTENDANCE_CONTRACT = "attendance_contract", _("Attendance plan")
        OTHER = "other", _("Other help")

    kind = models.CharField(max_length=40)
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


class HelpKind(models.Model):
    """A kind of help as one institution has it in its catalogue. Retired, never deleted: help of it keeps its name."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    # As records and files name it; never changed, so that help keeps its kind.
    code = models.CharField(max_length=40)
    label = models.CharField(max_length=100)
    # 1 for everybody, 2 for some, 3 for few.
    tier = models.PositiveSmallIntegerField()
    # Calendar days.
    usual_days = models.PositiveSmallIntegerField()
    check_every_days = models.PositiveSmallIntegerField(null=True)
    what_for = models.CharField(max_length=300, blank=True)
    evidence_note = models.CharField(max_length=300, blank=True)
    retired_at = models.DateTimeField(null=True)
    # Raised by one at every change, so that the second of two editors sees the first one's.
    version = models.PositiveIntegerField(default=1)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "code"], name="one_help_kind_per_code"),
            models.UniqueConstraint("institution", Lower("label"), name="one_help_kind_per_label"),
            models.CheckConstraint(condition=Q(tier__in=(1, 2, 3)), name="help_kind_tier_known"),
            models.CheckConstraint(
                condition=Q(usual_days__gte=1) & (Q(check_every_days=None) | Q(check_every_days__gte=1)),
                name="help_kind_takes_days",
            ),
        ]

    def __str__(self) -> str:
        return self.code


class HelpPlan(models.Model):
    """What a team agreed about one piece of help: who carries it, until when, and how often it is looked at."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="help_plans")
    intervention = models.OneToOneField(Intervention, on_delete=models.CASCADE, related_name="plan")
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="help_plans")
    due_on = models.DateField(null=True)
    check_every_days = models.PositiveSmallIntegerField(null=True)
    # At least so many percent of school days attended since it began, by a day: a goal that can be measured.
    attendance_goal = models.PositiveSmallIntegerField(null=True)
    attendance_goal_by = models.DateField(null=True)
    # The day of the next look or of the planned end, whichever is first (students.help.help_due); None once ended.
    next_due = models.DateField(null=True)
    # Raised by one at every change, so that the second of two editors sees the first one's.
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager("student__school")

    class Meta:
        indexes = [models.Index(fields=["institution", "next_due"], name="help_plan_by_next_due_day")]
        constraints = [
            models.CheckConstraint(
                condition=Q(attendance_goal=None, attendance_goal_by=None)
                # A comparison with nothing is not false, and a check lets it pass.
                | Q(attendance_goal__isnull=False, attendance_goal_by__isnull=False, attendance_goal__range=(1, 100)),
                name="help_goal_has_percent_and_day",
            )
        ]

    def __str__(self) -> str:
        return f"plan of {self.intervention_id}"


class OnTrack(models.TextChoices):
    """How help goes, as who looked at it says."""

    YES = "yes", _("Going well")
    PARTLY = "partly", _("Partly")
    NO = "no", _("Not yet")


class ProgressCheck(models.Model):
    """One look at help on the way. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="checks")
    checked_on = models.DateField()
    on_track = models.CharField(max_length=10, choices=OnTrack)
    words = models.CharField(max_length=500, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-checked_on", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(on_track__in=OnTrack.values), name="check_on_track_known")]

    def __str__(self) -> str:
        return f"{self.checked_on} {self.on_track}"


class Happened(models.TextChoices):
    """Whether planned help really took place."""

    YES = "yes", _("Yes")
    PARTLY = "partly", _("Partly")
    NO = "no", _("No")


class HelpEnd(models.Model):
    """How help ended: when, whether it really happened, what came of it. Added, never changed; the newest holds."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    intervention = models.ForeignKey(Intervention, on_delete=models.CASCADE, related_name="ends")
    ended_on = models.DateField()
    happened = models.CharField(max_length=10, choices=Happened)
    result = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.CheckConstraint(condition=Q(happened__in=Happened.values), name="help_happened_known")]

    def __str__(self) -> str:
        return f"{self.ended_on} {self.happened}"
