"""Students, where they were enrolled, and whose they are to look after."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager, ScopedQuerySet
from students.models.uploads import Cohort, Upload


class Student(models.Model):
    """One person at one institution. `school` is where they are now, or were last: it decides who may see them."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    external_id = models.CharField(max_length=100)
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.PROTECT, related_name="students")
    given_name = models.CharField(max_length=150, blank=True)
    family_name = models.CharField(max_length=150, blank=True)
    grade_level = models.CharField(max_length=20, blank=True)
    birth_on = models.DateField(null=True)
    known_on = models.DateField()
    upload = models.ForeignKey(Upload, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = ScopedManager("school")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "external_id"], name="one_student_per_external_id")
        ]
        indexes = [models.Index(fields=["school"], name="student_by_school")]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def name(self) -> str:
        """Return the name as staff say it, or the source system's id where the file held no name."""
        return f"{self.given_name} {self.family_name}".strip() or self.external_id


class PreviousStudent(models.Model):
    """What a student's row said before an upload changed it: kept, so that the upload can be taken back exactly."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="previous")
    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.PROTECT, related_name="+")
    given_name = models.CharField(max_length=150, blank=True)
    family_name = models.CharField(max_length=150, blank=True)
    grade_level = models.CharField(max_length=20, blank=True)
    birth_on = models.DateField(null=True)
    known_on = models.DateField()
    upload = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+")
    replaced_on = models.DateField()
    replaced_by = models.ForeignKey(Upload, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager("student__school")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["student", "replaced_by"], name="one_previous_student_per_upload")
        ]

    def __str__(self) -> str:
        return f"{self.student_id} until {self.replaced_on}"


class CurrentFacts(ScopedManager):
    """Facts that still hold; what a later file replaced stays in the table and is left out."""

    def get_queryset(self) -> ScopedQuerySet:
        """Return the facts within the current scope that nothing replaced."""
        return super().get_queryset().filter(replaced_on=None)


class Fact(models.Model):
    """Something known of one student since a day, from one upload or one person.

    A fact is never changed by a file. The old version stays, with the day from which it no longer held and the upload
    that said so; the new version is a row of its own. On a day in between one sees what was believed then.
    """

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, db_index=False)
    known_on = models.DateField()
    upload = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    replaced_on = models.DateField(null=True)
    replaced_by = models.ForeignKey(Upload, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = CurrentFacts("student__school")
    every_version = ScopedManager("student__school")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(replaced_on=None, replaced_by=None)
                | Q(replaced_on__isnull=False, replaced_by__isnull=False),
                name="%(class)s_replaced_by_an_upload",
            ),
        ]
        indexes = [
            # Rows of one upload lie together, so a handful of block ranges finds them; most rows are never replaced.
            BrinIndex(fields=["upload"], name="%(class)s_upload"),
            models.Index(fields=["replaced_by"], condition=Q(replaced_by__isnull=False), name="%(class)s_replaced"),
        ]


class Enrolment(Fact):
    """A student at a school in a grade level, from a date to a date, both attended.

    The end became known on a day of its own.
    """

    school = models.ForeignKey(School, on_delete=models.PROTECT, related_name="+")
    grade_level = models.CharField(max_length=20, blank=True)
    entered_on = models.DateField()
    exited_on = models.DateField(null=True)
    exit_reason = models.CharField(max_length=60, blank=True)
    exit_known_on = models.DateField(null=True)
    # A last day that lay ahead when it was told ends nothing: until it is told anew, the student is here.
    planned_exit_on = models.DateField(null=True)

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["institution", "entered_on"], name="enrolment_by_day"),
        ]
        constraints = [
            *Fact.Meta.constraints,
            # One row counts; each upload replaces it at most once. Without the last column the index would be partial,
            # and of no use to whoever asks for every version.
            models.UniqueConstraint(
                fields=["student", "school", "entered_on", "replaced_by"],
                name="one_enrolment_per_entry",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(known_on__gte=F("entered_on")), name="enrolment_known_after_entry"),
            models.CheckConstraint(
                # A comparison with NULL is neither true nor false, and a check lets that pass: both must be there.
                condition=Q(exited_on=None, exit_known_on=None)
                | Q(
                    exited_on__isnull=False,
                    exit_known_on__isnull=False,
                    exited_on__gte=F("entered_on"),
                    exit_known_on__gte=F("exited_on"),
                ),
                name="enrolment_exit_known_after_exit",
            ),
            models.UniqueConstraint(
                fields=["student", "school"],
                condition=Q(exited_on=None, replaced_on=None),
                name="one_open_enrolment_at_a_school",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entered_on}–{self.exited_on or ''}"


class Caseload(models.Model):
    """Which students a counsellor looks after, from a date to a date; the last is the first day on which it is over."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="caseloads")
    counsellor = models.ForeignKey(User, on_delete=models.PROTECT, related_name="caseloads")
    starts_on = models.DateField()
    ends_on = models.DateField(null=True)
    # What whoever had the student before leaves to whoever has them now.
    note = models.CharField(max_length=300, blank=True)
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    recorded_at = models.DateTimeField(null=True)

    objects = ScopedManager("student__school")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="caseload_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["student", "counsellor"], condition=Q(ends_on=None), name="one_open_caseload_entry"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.counsellor_id}: {self.student_id}"
