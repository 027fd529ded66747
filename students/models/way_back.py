"""The way back of a student who left: a case with a person and a deadline for each step, and how it ended."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class CaseState(models.TextChoices):
    """Where a case stands: what is to be done next."""

    FINDING_OUT = "finding_out", _("Find out why")
    PLANNING = "planning", _("Make a plan")
    RETURNING = "returning", _("The way back")
    FOLLOWING = "following", _("Stay in touch")
    ENDED = "ended", _("Ended")


class CaseEnding(models.TextChoices):
    """How a case ended. The last two are never said by a person: they follow from what is on record."""

    BACK_AND_STAYED = "back_and_stayed", _("Back at school, and stayed")
    ANOTHER_PATH = "another_path", _("On another path")
    NOT_FOUND = "not_found", _("Not found")
    MOVED = "moved", _("Moved away")
    REFUSED = "refused", _("Does not want to come back")
    DIED = "died", _("Died")
    LEFT_AGAIN = "left_again", _("Left again: another case goes on")
    RECORD_CORRECTED = "record_corrected", _("The record says otherwise")


class CasePath(models.TextChoices):
    """Where a student went on."""

    SCHOOL = "school", _("Back at school here")
    ELSEWHERE = "elsewhere", _("At another school")
    TRAINING = "training", _("In training")
    WORK = "work", _("At work")


class TalkedTo(models.TextChoices):
    """With whom somebody talked."""

    STUDENT = "student", _("The student")
    FAMILY = "family", _("The family")
    SOMEBODY_ELSE = "somebody_else", _("Somebody who knows them")


class ReengagementCase(models.Model):
    """The way back of one student after leaving once. A new leaving is a new case."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="ways_back")
    # What it is about, as it now stands: a correction takes the place of what it corrects.
    outcome = models.ForeignKey("students.Outcome", on_delete=models.CASCADE, related_name="+")
    opened_at = models.DateTimeField()
    state = models.CharField(max_length=20, choices=CaseState, default=CaseState.FINDING_OUT)
    owner = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="ways_back")
    # Of the step that is to be done; None once it ended.
    due_on = models.DateField(null=True)
    # The day since when the student is on the path, and how many looks there were since.
    path = models.CharField(max_length=20, choices=CasePath, blank=True)
    returned_on = models.DateField(null=True)
    n_checks = models.PositiveSmallIntegerField(default=0)
    ending = models.CharField(max_length=20, choices=CaseEnding, blank=True)
    ended_on = models.DateField(null=True)
    # Raised by one at every step, so that the second of two people sees the first one's.
    version = models.PositiveIntegerField(default=1)

    objects = ScopedManager("student__school")

    class Meta:
        indexes = [
            models.Index(
                fields=["institution", "due_on"], condition=Q(due_on__isnull=False), name="way_back_by_due_day"
            ),
            models.Index(
                fields=["institution", "ended_on"], condition=Q(ended_on__isnull=False), name="way_back_by_last_day"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["student"], condition=~Q(state="ended"), name="one_way_back_at_a_time"),
            models.CheckConstraint(condition=Q(state__in=CaseState.values), name="way_back_state_known"),
            models.CheckConstraint(condition=Q(ending__in=["", *CaseEnding.values]), name="way_back_ending_known"),
            models.CheckConstraint(condition=Q(path__in=["", *CasePath.values]), name="way_back_path_known"),
            models.CheckConstraint(
                condition=Q(state="ended", ended_on__isnull=False, due_on=None) & ~Q(ending="")
                | ~Q(state="ended") & Q(ending="", ended_on=None, due_on__isnull=False),
                name="way_back_due_until_it_ends",
            ),
            models.CheckConstraint(
                condition=Q(path="", returned_on=None) | ~Q(path="") & Q(returned_on__isnull=False),
                name="way_back_path_since_a_day",
            ),
            models.CheckConstraint(
                condition=~Q(state="following") | Q(returned_on__isnull=False), name="way_back_followed_since_a_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d} {self.state}"


class CaseStep(models.Model):
    """What was found or done on the way: added, never changed. Without a person it follows from what is on record."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("Opened")
        FOUND_OUT = "found_out", _("Found out")
        PLANNED = "planned", _("Planned")
        RETURNED = "returned", _("On the way")
        CHECKED = "checked", _("Looked at")
        NOTED = "noted", _("Noted")
        GIVEN = "given", _("Given to somebody")
        ENDED = "ended", _("Ended")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(ReengagementCase, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=20, choices=Kind)
    # Of these, what belongs to the kind: with whom somebody talked, the code of configs/exit_reasons.yaml, the path,
    # whether the student is still on it, the ending, and to whom it was given.
    talked_to = models.CharField(max_length=20, choices=TalkedTo, blank=True)
    reason = models.CharField(max_length=40, blank=True)
    path = models.CharField(max_length=20, choices=CasePath, blank=True)
    is_there = models.BooleanField(null=True)
    ending = models.CharField(max_length=20, choices=CaseEnding, blank=True)
    given_to = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=1000, blank=True)
    done_on = models.DateField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["opened", "found_out", "planned", "returned", "checked", "noted", "given", "ended"]
                ),
                name="case_step_kind_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.done_on} {self.kind}"


class WayBackDeadlines(models.Model):
    """Within how many calendar days each step is due, and the looks after the return; one row per institution."""

    institution = models.OneToOneField(Institution, on_delete=models.PROTECT, related_name="+")
    find_out_days = models.PositiveSmallIntegerField(default=14)
    plan_days = models.PositiveSmallIntegerField(default=30)
    return_days = models.PositiveSmallIntegerField(default=60)
    first_check_days = models.PositiveSmallIntegerField(default=30)
    second_check_days = models.PositiveSmallIntegerField(default=90)
    third_check_days = models.PositiveSmallIntegerField(default=180)
    fourth_check_days = models.PositiveSmallIntegerField(default=365)
    version = models.PositiveIntegerField(default=1)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(find_out_days__gte=1, plan_days__gte=1, return_days__gte=1, first_check_days__gte=1),
                name="way_back_takes_days",
            ),
            models.CheckConstraint(
                condition=Q(
                    second_check_days__gt=F("first_check_days"),
                    third_check_days__gt=F("second_check_days"),
                    fourth_check_days__gt=F("third_check_days"),
                ),
                name="way_back_checks_in_turn",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.find_out_days}/{self.plan_days}/{self.return_days}"

    @property
    def check_days(self) -> tuple[int, int, int, int]:
        """Return after how many days since the return each look is due."""
        return self.first_check_days, self.second_check_days, self.third_check_days, self.fourth_check_days
