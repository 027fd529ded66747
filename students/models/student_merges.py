"""Two students on record who are one child, as a person said, and what was done about it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from students.models.people import Student


class StudentMerge(models.Model):
    """The records of one student put with those of another, with all it takes to part them again."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    kept = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    other = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    reason = models.CharField(max_length=300)
    # {label of a model: ids of the rows that went to the kept student}.
    moved = models.JSONField(default=dict)
    # Outcomes of the kept student that repeat those of the other.
    copied = models.JSONField(default=list)
    # Enrolments of the other student that the kept one has too: whole rows, which count for nobody meanwhile.
    set_aside = models.JSONField(default=list)
    # What was written over, by what: of an enrolment that ended with the merge, and of the two students.
    changed = models.JSONField(default=list)
    merged_at = models.DateTimeField()
    merged_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-merged_at", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(kept=F("other")), name="student_merge_of_two"),
            models.CheckConstraint(
                condition=Q(taken_back_at=None, taken_back_by=None)
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
                name="student_merge_taken_back_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["other"], condition=Q(taken_back_at=None), name="one_standing_merge_per_student"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.other_id} is {self.kept_id}"
