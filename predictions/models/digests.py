"""The daily e-mail: at most one for a person and day."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class DigestMail(models.Model):
    """What became of one person's e-mail of a day. It holds nothing of students, and so belongs to no institution.

    It is *being sent* from just before it goes out: if the worker ends there, nobody knows whether it arrived, and it
    is not sent again.
    """

    class State(models.TextChoices):
        BEGUN = "begun", _("Being written")
        SENDING = "sending", _("Sent, perhaps: the portal stopped meanwhile")
        SENT = "sent", _("Sent")
        NOTHING = "nothing", _("Nothing to say")
        WAITING = "waiting", _("Waits for the mail server")
        REFUSED = "refused", _("Refused by the mail server")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="digest_mails", db_index=False)
    day = models.DateField()
    state = models.CharField(max_length=10, choices=State, default=State.BEGUN)
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    # Digests of its lines: what was said is no reason for another e-mail.
    said = ArrayField(models.CharField(max_length=16), default=list, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "day"], name="one_digest_per_person_and_day"),
            models.CheckConstraint(
                condition=Q(state__in=["begun", "sending", "sent", "nothing", "waiting", "refused"]),
                name="digest_state_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.state}"
