"""What happened on a date, what is known of a student, and the calendar it is measured by."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import Institution, School
from students.models.people import Fact
from students.models.uploads import Upload


class Term(models.Model):
    """A term of an institution's school year; `school_year` is the year it ends in."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="terms")
    school_year = models.PositiveSmallIntegerField()
    term = models.CharField(max_length=20)
    starts_on = models.DateField()
    ends_on = models.DateField()
    upload = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "school_year", "term"], name="one_term_per_name"),
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="term_ends_after_start"),
        ]

    def __str__(self) -> str:
        return f"{self.school_year}/{self.term}"


class SchoolDay(models.Model):
    """A day on which the institution held school. Attendance is counted against these."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="school_days")
    held_on = models.DateField()
    upload = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "held_on"], name="one_row_per_school_day")]

    def __str__(self) -> str:
        return f"{self.held_on}"


class AttendanceRecord(Fact):
    """An absence or a tardy; days without a row were attended. A total of a period counts more than one session."""

    class Category(models.TextChoices):
        ABSENT = "absent"
        TARDY = "tardy"

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    held_on = models.DateField()
    category = models.CharField(max_length=10, choices=Category)
    excused = models.BooleanField(default=False)
    n_sessions = models.FloatField(default=1)
    # Of these sessions, where only a part was excused; null where `excused` says it of all of them.
    n_excused = models.FloatField(null=True)

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["institution", "held_on"], name="attendance_by_day"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "held_on", "category", "replaced_by"],
                name="one_attendance_row_per_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(category__in=["absent", "tardy"]), name="attendance_category_known"),
            models.CheckConstraint(condition=Q(n_sessions__gte=0), name="attendance_sessions_not_negative"),
            models.CheckConstraint(
                condition=Q(n_excused=None) | Q(n_excused__gte=0, n_excused__lte=F("n_sessions"), excused=False),
                name="attendance_part_excused",
            ),
            models.CheckConstraint(condition=Q(known_on__gte=F("held_on")), name="attendance_known_after_day"),
        ]

    def __str__(self) -> str:
        return f"{self.held_on} {self.category}"


class GradeRecord(Fact):
    """A grade in a course and term, with the credits that hung on it."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    awarded_on = models.DateField()
    course = models.CharField(max_length=120)
    term = models.CharField(max_length=20)
    value = models.FloatField(null=True)
    scale_max = models.FloatField(default=100)
    credits_attempted = models.FloatField(null=True)
    credits_earned = models.FloatField(null=True)
    core = models.BooleanField(default=False)
    source_id = models.CharField(max_length=100, blank=True)

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["institution", "awarded_on"], name="grade_by_day"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "awarded_on", "course", "term", "source_id", "replaced_by"],
                name="one_grade_per_course_and_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(value=None) | Q(value__gte=0, value__lte=F("scale_max")), name="grade_within_scale"
            ),
            models.CheckConstraint(condition=Q(known_on__gte=F("awarded_on")), name="grade_known_after_day"),
        ]

    def __str__(self) -> str:
        return f"{self.course} {self.term}"


class DisciplineIncident(Fact):
    """An incident, what was done about it, and the days of school it cost."""

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+", db_index=False)
    happened_on = models.DateField()
    code = models.CharField(max_length=60)
    action = models.CharField(max_length=60, blank=True)
    days_removed = models.FloatField(default=0)
    source_id = models.CharField(max_length=100, blank=True)

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["institution", "happened_on"], name="incident_by_day"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "happened_on", "code", "source_id", "replaced_by"],
                name="one_incident_per_code_and_day",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(days_removed__gte=0), name="incident_days_not_negative"),
            models.CheckConstraint(condition=Q(known_on__gte=F("happened_on")), name="incident_known_after_day"),
        ]

    def __str__(self) -> str:
        return f"{self.happened_on} {self.code}"


class StudentAttribute(Fact):
    """A fact from the cohort's schema that is neither a record nor protected; the schema types its value."""

    name = models.CharField(max_length=80)
    value = models.CharField(max_length=200)

    class Meta(Fact.Meta):
        indexes = [*Fact.Meta.indexes, models.Index(fields=["institution", "name"], name="attribute_by_name")]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "name", "known_on", "replaced_by"],
                name="one_attribute_value_per_day",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ProtectedAttribute(Fact):
    """Gender, ethnicity, nationality, disability, income …: apart from all else, read by the fairness audit alone."""

    name = models.CharField(max_length=80)
    value = models.CharField(max_length=200)

    class Meta(Fact.Meta):
        indexes = [*Fact.Meta.indexes, models.Index(fields=["institution", "name"], name="protected_by_name")]
        constraints = [
            *Fact.Meta.constraints,
            models.UniqueConstraint(
                fields=["student", "name", "known_on", "replaced_by"],
                name="one_protected_value_per_day",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return self.name
