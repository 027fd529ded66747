"""The list as it is read: the newest score of each student, and how many students can be seen."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, School, User
from accounts.scope import ScopedManager
from predictions.models.runs import RiskScore, ScoringRun
from students.models import Student

HIGHEST_CAPACITY = 5000


class HelpState(models.TextChoices):
    """What stands with a student's help."""

    NONE = "none", _("No help yet")
    OPEN = "open", _("Help under way")
    ENDED = "ended", _("Help ended")


class CurrentRisk(models.Model):
    """The newest published score of each student, with what the list filters and sorts by, in one indexed table."""

    # The database checks score and school alone: the score has student, run and institution.
    student = models.OneToOneField(
        Student, primary_key=True, on_delete=models.CASCADE, related_name="current_risk", db_constraint=False
    )
    # Here too: the indexes below begin with institution and school, and all rows are of one run.
    institution = models.ForeignKey(
        Institution, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    score = models.ForeignKey(RiskScore, on_delete=models.CASCADE, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    grade_level = models.CharField(max_length=20, blank=True)
    search_name = models.CharField(max_length=400)
    risk = models.FloatField(null=True)
    tier = models.CharField(max_length=20, blank=True)
    rank = models.PositiveIntegerField(null=True)
    is_new = models.BooleanField(default=False)
    # What the list filters by besides, kept current by whoever changes it: predictions.list_states.
    help_state = models.CharField(
        max_length=10, choices=HelpState, default=HelpState.NONE, db_default=HelpState.NONE.value
    )
    # What staff said last, whether it keeps the student off the list, and until when; without a day, while it stands.
    verdict = models.CharField(max_length=20, blank=True, default="", db_default="")
    is_left_out = models.BooleanField(default=False, db_default=False)
    left_out_until = models.DateField(null=True, db_default=None)

    objects = ScopedManager("school")

    class Meta:
        indexes = [
            models.Index(fields=["institution", "rank", "student"], name="list_by_rank"),
            models.Index(fields=["school", "rank", "student"], name="list_by_school"),
            models.Index(fields=["school", "grade_level", "rank", "student"], name="list_by_school_grade"),
            models.Index(fields=["institution", "grade_level", "rank", "student"], name="list_by_grade"),
            models.Index(fields=["institution", "tier", "rank", "student"], name="list_by_tier"),
            models.Index(fields=["institution", "search_name", "student"], name="list_by_name"),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}"


class TeamCapacity(models.Model):
    """How many students somebody said can be seen in a fortnight. Added, never changed.

    The newest of the narrowest holds: of the person, else of the school, else of the institution.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, null=True, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    n = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(HIGHEST_CAPACITY)])
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(n__gte=1, n__lte=HIGHEST_CAPACITY), name="capacity_some"),
            models.CheckConstraint(condition=Q(school=None) | Q(user=None), name="capacity_of_one"),
        ]

    def __str__(self) -> str:
        return str(self.n)
