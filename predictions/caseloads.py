"""Students given to a counsellor, with the list told of it at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction

from accounts import scope
from accounts.models import Institution, User
from predictions import list_states
from students.models import Student
from students.people import caseloads
from students.people.caseloads import HandedOver


@transaction.atomic
def assign(
    *, students: Collection[Student], counsellor: User, by: User, now: dt.datetime, note: str = ""
) -> tuple[int, ...]:
    """Give students to a counsellor: see `students.people.caseloads.assign`."""
    given = caseloads.assign(students=students, counsellor=counsellor, by=by, now=now, note=note)
    list_states.caseloads_changed(given, on=_today(now))
    return given


@transaction.atomic
def hand_over(*, of: User, to: User, note: str, by: User, now: dt.datetime) -> HandedOver:
    """Give all open work of one person to another: see `students.people.caseloads.hand_over`."""
    handed = caseloads.hand_over(of=of, to=to, note=note, by=by, now=now)
    list_states.caseloads_changed(handed.students, on=_today(now))
    return handed


def _today(now: dt.datetime) -> dt.date:
    return Institution.objects.get(pk=scope.current().institution_id).day_of(now)
