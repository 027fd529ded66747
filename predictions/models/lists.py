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

    # The database checks one key of all these: run, student and institution together are those of a score
    # (accounts.row_security.key_of_the_list). Each check of a key takes it 3 µs per student.
    student = models.OneToOneField(
        Student, primary_key=True, on_delete=models.CASCADE, related_name="current_risk", db_constraint=False
    )
    # Here too: the indexes below begin with institution and school, and all rows are of one run.
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    score = models.ForeignKey(
        RiskScore, on_delete=models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
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
    # What the reason is about for which a student is back who was known already, or not now; "" for all others.
    back_for = models.CharField(max_length=60, blank=True, default="", db_default="")
    # Whose student this is: copied from students.people.caseloads, whose key is checked there.
    counsellor = models.ForeignKey(
        User,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        db_constraint=False,
        db_default=None,
    )

    objects = ScopedManager("school")

    class Meta:
        # Rows lie in the order of rank, so that a tier, which is a stretch of ranks, needs no index; nor does a grade
        # level, of which a page is found among the next few hundred.
        indexes = [
            models.Index(fields=["institution", "rank", "student"], name="list_by_rank"),
            models.Index(fields=["school", "rank", "student"], name="list_by_school"),
            models.Index(fields=["institution", "search_name", "student"], name="list_by_name"),
            models.Index(fields=["school", "search_name", "student"], name="list_by_school_name"),
            # Few of a list: who is new above the line, who gets or got help, who was left out.
            models.Index(fields=["institution", "rank", "student"], condition=Q(is_new=True), name="list_new"),
            models.Index(
                fields=["institution", "rank", "student"], condition=~Q(help_state=HelpState.NONE), name="list_helped"
            ),
            models.Index(
                fields=["institution", "rank", "student"], condition=Q(is_left_out=True), name="list_left_out"
            ),
            models.Index(
                fields=["counsellor", "school"],
                condition=Q(counsellor__isnull=False),
                name="list_of_a_counsellor",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id}"


class ListCount(models.Model):
    """How many students of a school, a grade level and a tier stand on the list, and the sum of their risks.

    Counted when the list is made: to count 90,000 students for every page takes 100 ms.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    grade_level = models.CharField(max_length=20, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    n = models.PositiveIntegerField()
    # None where the rule made the list: it estimates nothing.
    risk_sum = models.FloatField(null=True)

    objects = ScopedManager("school")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["institution", "school", "grade_level", "tier"], name="one_count_per_part_of_the_list"
            )
        ]

    def __str__(self) -> str:
        return f"{self.school_id}/{self.grade_level}/{self.tier}: {self.n}"


class SchoolAttendance(models.Model):
    """What the students of a school who stand on the list missed, week by week: the line beside a student's own.

    Added up when the list is made, once for all students of the school.
    """

    school = models.OneToOneField(School, primary_key=True, on_delete=models.PROTECT, related_name="+")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    n_students = models.PositiveIntegerField()
    # The list's day: what came to be known later is not in it.
    until = models.DateField()
    # {Monday of a week, as in ISO 8601: sessions missed by all of them}; a week without absences is left out.
    missed = models.JSONField(default=dict)

    objects = ScopedManager("school")

    def __str__(self) -> str:
        return f"{self.school_id} until {self.until}"


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
