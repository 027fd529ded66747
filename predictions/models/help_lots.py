"""Places of help that are too few, given by lot: fair, and the honest way to learn whether the help works."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from accounts.models import Institution, School, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager


class HelpLot(models.Model):
    """One drawing: who took part, who got a place, and the seed by which anybody can draw it again. Added only."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    help_kind = models.CharField(max_length=40)
    school = models.ForeignKey(School, null=True, on_delete=models.PROTECT, related_name="+")
    places = models.PositiveIntegerField()
    seed = models.CharField(max_length=64)
    taking_part = ArrayField(models.BigIntegerField())
    drawn = ArrayField(models.BigIntegerField())
    starts_on = models.DateField()
    by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()
    request_key = models.UUIDField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["-at", "-pk"]
        constraints = [models.UniqueConstraint(fields=["by", "request_key"], name="one_lot_per_request")]

    def __str__(self) -> str:
        return f"{self.help_kind} {self.at:%Y-%m-%d}"
