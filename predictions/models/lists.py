"""The list as it is read: the newest score of each student, who stood first on each list, lines, kept filters."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from modeling.models import ModelVersion
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

    student = models.OneToOneField(Student, primary_key=True, on_delete=models.CASCADE, related_name="current_risk")
    # Here too: the indexes below begin with institution and school, and all rows are of one run.
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    score = models.ForeignKey(RiskScore, on_delete=models.CASCADE, related_name="+")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    grade_level = models.CharField(max_length=20, blank=True)
    search_name = models.CharField(max_length=400)
    risk = models.FloatField(null=True)
    tier = models.CharField(max_length=20, blank=True)
    rank = models.PositiveIntegerField(null=True)
    is_new = models.BooleanField(default=False)
    # What the list filters by besides, kept current by whoever changes it: predictions.list_states.
    # The place when the term's end decides; None where no term's risk is known.
    urgency_rank = models.PositiveIntegerField(null=True, db_default=None)
    main_reason = models.CharField(max_length=60, blank=True, default="", db_default="")
    help_state = models.CharField(
        max_length=10, choices=HelpState, default=HelpState.NONE, db_default=HelpState.NONE.value
    )
    counsellor = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+", db_index=False)
    # A verdict that keeps the student off the list, and until when; without a day as long as the verdict stands.
    verdict = models.CharField(max_length=20, blank=True, default="", db_default="")
    is_left_out = models.BooleanField(default=False, db_default=False)
    left_out_until = models.DateField(null=True, db_default=None)
    # Since when without a break above the institution's line, and when the flag goes out if no fresh data renews it.
    came_on = models.DateField(null=True, db_default=None)
    expires_on = models.DateField(null=True, db_default=None)

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


class ListPlace(models.Model):
    """Who stood where on a published list: the first of each school, so that two lists can be compared at once.

    Added, never changed. `place` counts within the school; `rank` within the institution.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(ScoringRun, on_delete=models.PROTECT, related_name="places", db_index=False)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="list_places")
    place = models.PositiveIntegerField()
    rank = models.PositiveIntegerField()
    tier = models.CharField(max_length=20)

    objects = ScopedManager("school")

    class Meta:
        indexes = [models.Index(fields=["run", "school", "place"], name="list_place_by_school")]
        constraints = [models.UniqueConstraint(fields=["run", "student"], name="one_place_per_list")]

    def __str__(self) -> str:
        return f"{self.run_id}: {self.place}"


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


class SavedFilter(models.Model):
    """Filters of the list that somebody keeps by a name, for themselves or for everybody."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    owner = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=80)
    # The address's query as the list itself would write it.
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    saved_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint(fields=["owner", "name"], name="one_filter_per_name")]

    def __str__(self) -> str:
        return self.name


class LocalHistory(models.Model):
    """Of so many students here with a risk in this band, so many left: counted when a version was made. Added only."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    version = models.ForeignKey(ModelVersion, on_delete=models.CASCADE, related_name="local_history")
    lowest = models.FloatField()
    highest = models.FloatField()
    n = models.PositiveIntegerField()
    n_left = models.PositiveIntegerField()
    # The first day a snapshot of these students was taken; None where the records have no days.
    since = models.DateField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["lowest"]
        constraints = [models.CheckConstraint(condition=Q(n_left__lte=models.F("n")), name="history_left_of_n")]

    def __str__(self) -> str:
        return f"{self.n_left} of {self.n}"
