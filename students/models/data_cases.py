"""What somebody says is wrong on record: a task for the data owner, with a clock."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class DataCase(models.Model):
    """A fact that staff contest. Its steps stand beside it; it is due 45 days after it was opened."""

    class State(models.TextChoices):
        OPEN = "open", _("Open")
        CORRECTED = "corrected", _("Corrected")
        UPHELD = "upheld", _("The record stands")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="data_cases")
    what = models.CharField(max_length=1000)
    # A person, or the system that told it.
    opened_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    api_client = models.ForeignKey(ApiClient, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    opened_at = models.DateTimeField()
    due_on = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    request_key = models.UUIDField(null=True)

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [models.Index(fields=["institution", "state", "due_on"], name="data_case_by_due_day")]
        constraints = [
            models.UniqueConstraint(fields=["opened_by", "request_key"], name="one_case_per_request"),
            models.CheckConstraint(
                condition=Q(state__in=["open", "corrected", "upheld"]), name="data_case_state_known"
            ),
            models.CheckConstraint(
                condition=~Q(opened_by__isnull=False, api_client__isnull=False), name="data_case_one_opener_at_most"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.opened_at:%Y-%m-%d} {self.state}"


class DataCaseStep(models.Model):
    """What was done about a case: when, by whom, in words. Added, never changed."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+", db_index=False)
    student = models.ForeignKey("students.Student", on_delete=models.CASCADE, related_name="+")
    case = models.ForeignKey(DataCase, on_delete=models.CASCADE, related_name="steps")
    state = models.CharField(max_length=10, choices=DataCase.State)
    words = models.CharField(max_length=1000)
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = ScopedManager("student__school")

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d} {self.state}"
