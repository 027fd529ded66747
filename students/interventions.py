"""Help for students: what begins, who carries it, and how it ends."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import User
from students.models import Intervention, Student


@transaction.atomic
def begin(  # noqa: PLR0913
    *, student: Student, kind: str, started_on: dt.date, goal: str, by: User, now: dt.datetime
) -> Intervention:
    """Record that help has begun, owned by whoever records it. Recorded twice, it stands once."""
    intervention, is_new = Intervention.objects.get_or_create(
        institution_id=student.institution_id,
        student=student,
        kind=kind,
        started_on=started_on,
        goal=goal,
        owner=by.display_name,
        defaults={"recorded_by": by, "known_on": max(started_on, student.institution.day_of(now))},
    )
    if is_new:
        audit_log.record(action="intervention_begun", by=by, now=now, subjects=[student.public_id])
    return intervention
