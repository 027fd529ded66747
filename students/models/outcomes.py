"""What became of a student: the labels of the model. Added, never changed; a correction points at what it corrects."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.scope import ScopedManager
from students.models.people import Fact


class Outcome(Fact):
    """One outcome as somebody recorded it: kind, code of the source system, date, source, who."""

    class Kind(models.TextChoices):
        DROPPED_OUT = "dropped_out", _("Left before finishing")
        GRADUATED = "graduated", _("Finished")
        CONTINUED = "continued", _("Continued")
        TRANSFERRED = "transferred", _("Moved to another school")
        DIED = "died", _("Died")
        UNKNOWN = "unknown", _("Not known")

    kind = models.CharField(max_length=20, choices=Kind)
    exit_code = models.CharField(max_length=60, blank=True)
    happened_on = models.DateField()
    source = models.CharField(max_length=100)
    source_id = models.CharField(max_length=100, blank=True)
    # What whoever recorded it goes by: a letter, a transcript request of another school.
    evidence = models.CharField(max_length=300, blank=True, default="", db_default="")
    corrects = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="corrected_by")
    recorded_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    recorded_at = models.DateTimeField()

    class Meta(Fact.Meta):
        indexes = [
            *Fact.Meta.indexes,
            models.Index(fields=["student", "happened_on"], name="outcome_by_student"),
            models.Index(fields=["institution", "happened_on"], name="outcome_by_day"),
            # Asked every few minutes for who left within the year: few of very many.
            models.Index(
                fields=["institution", "happened_on"], condition=Q(kind="dropped_out"), name="outcome_left_by_day"
            ),
        ]
        constraints = [
            *Fact.Meta.constraints,
            models.CheckConstraint(
                condition=Q(kind__in=["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]),
                name="outcome_kind_known",
            ),
            models.CheckConstraint(condition=Q(known_on__gte=F("happened_on")), name="outcome_known_after_day"),
        ]

    def __str__(self) -> str:
        return f"{self.happened_on} {self.kind}"


class ExitCode(models.Model):
    """What an exit code counts as at one institution, where it says other than configs/outcomes.yaml, or more."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    # What its spellings share: students.outcomes.outcome_codes.plain. Folding the case can make a word longer.
    plain = models.CharField(max_length=200)
    code = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Outcome.Kind)
    # Raised by one at every change, so that the second of two editors sees the first one's.
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "plain"], name="one_exit_code_per_word"),
            models.CheckConstraint(condition=~Q(plain=""), name="exit_code_is_a_word"),
            models.CheckConstraint(
                condition=Q(kind__in=["dropped_out", "graduated", "continued", "transferred", "died", "unknown"]),
                name="exit_code_kind_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.kind}"
