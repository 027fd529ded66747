"""The one mail a day."""

from __future__ import annotations

from django.db import models

from accounts.models import Institution, User
from accounts.scope import ScopedManager


class Digest(models.Model):
    """What one person was told on one day: made once, sent once."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="digests")
    day = models.DateField()
    counts = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    # None until the mail went out; before it is tried `tried_at` is set, so that a crash never sends it twice.
    tried_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        ordering = ["-day", "-pk"]
        constraints = [models.UniqueConstraint(fields=["institution", "user", "day"], name="one_digest_a_day")]

    def __str__(self) -> str:
        return f"{self.day} for {self.user_id}"
