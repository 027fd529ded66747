"""What staff say of a student's place on the list."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, Institution, User
from accounts.scope import ScopedManager
from predictions.models.runs import RiskScore
from students.models import DataCase, Student


class Verdict(models.Model):
    """One click on a flag: who, what, until when, with a reason. Added only; the newest of a student holds."""

    class Kind(models.TextChoices):
        AGREE = "agree", _("Worth a conversation")
        KNOWN = "known", _("Already known")
        WRONG_FACT = "wrong_fact", _("Something on record is wrong")
        NOT_NOW = "not_now", _("Not now")
        NOT_APPLICABLE = "not_applicable", _("Not for this student")
        TAKEN_BACK = "taken_back", _("Taken back")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="verdicts")
    # The score that was looked at: what the verdict is about.
    score = models.ForeignKey(RiskScore, null=True, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    until_on = models.DateField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    data_case = models.ForeignKey(DataCase, null=True, on_delete=models.SET_NULL, related_name="+")
    # A person, or the system that told it.
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    api_client = models.ForeignKey(ApiClient, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["institution", "-at"], name="verdict_by_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    kind__in=["agree", "known", "wrong_fact", "not_now", "not_applicable", "taken_back"],
                ),
                name="verdict_kind_known",
            ),
            models.CheckConstraint(
                condition=Q(kind="not_now", until_on__isnull=False) | ~Q(kind="not_now"), name="not_now_has_a_day"
            ),
            models.CheckConstraint(
                condition=~Q(by__isnull=False, api_client__isnull=False), name="verdict_one_giver_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.kind}"
