"""The day a list is made for."""

from __future__ import annotations

import datetime as dt

from accounts import scope
from students.models import Cohort, SchoolDay


def default_as_of(*, today: dt.date) -> dt.date:
    """Return the day a list is made for: today, or a flat cohort's own day, which may lie years back."""
    if SchoolDay.objects.filter(institution_id=scope.current().institution_id).exists():
        return today
    newest = Cohort.objects.order_by("-snapshot_on").first()
    return newest.snapshot_on if newest else today
