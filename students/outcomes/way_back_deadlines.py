"""Within how many days each step of the way back is due, as an institution sets it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from django.db import transaction

from accounts import audit_log, scope
from accounts.models import User
from students.models import CaseState, ReengagementCase, WayBackDeadlines

DAYS = ("find_out_days", "plan_days", "return_days")
CHECKS = ("first_check_days", "second_check_days", "third_check_days", "fourth_check_days")
N_CHECKS = len(CHECKS)
_OF_STATE = {
    CaseState.FINDING_OUT: "find_out_days",
    CaseState.PLANNING: "plan_days",
    CaseState.RETURNING: "return_days",
}


class Overtaken(Exception):
    """Somebody else changed the deadlines meanwhile; `standing` is what they now are."""

    def __init__(self, standing: WayBackDeadlines) -> None:
        super().__init__("changed meanwhile")
        self.standing = standing


def standing() -> WayBackDeadlines:
    """Return the deadlines of the institution in scope; unsaved, with the usual ones, until somebody set any."""
    return WayBackDeadlines.objects.first() or WayBackDeadlines(institution_id=scope.current().institution_id)


@transaction.atomic
def change(*, days: Mapping[str, int], version: int, by: User, now: dt.datetime) -> WayBackDeadlines:
    """Set the deadlines of steps that begin from now on, in calendar days by `DAYS` and `CHECKS`.

    :raises Overtaken: if they changed since `version` was shown
    """
    institution_id = scope.current().institution_id
    WayBackDeadlines.objects.get_or_create(institution_id=institution_id)
    row = WayBackDeadlines.objects.select_for_update(no_key=True).get()
    if all(getattr(row, name) == n for name, n in days.items()):
        return row
    if row.version != version:
        raise Overtaken(row)
    for name, n in days.items():
        setattr(row, name, n)
    row.version += 1
    row.save()
    audit_log.record(action="way_back_deadlines_changed", by=by, now=now)
    return row


def due_on(case: ReengagementCase, *, since: dt.date, deadlines: WayBackDeadlines) -> dt.date:
    """Return the day by which the step of an open case is due that began on a day; looks count from the return."""
    if case.state == CaseState.FOLLOWING and case.returned_on is not None:
        return case.returned_on + dt.timedelta(days=deadlines.check_days[case.n_checks])
    return since + dt.timedelta(days=getattr(deadlines, _OF_STATE[CaseState(case.state)]))


def checks_behind(case: ReengagementCase, *, on: dt.date, deadlines: WayBackDeadlines) -> int:
    """Return how many looks are behind a case once somebody looked on a day: one stands for all that were due."""
    since = case.returned_on or on
    n_due = sum(since + dt.timedelta(days=days) <= on for days in deadlines.check_days)
    return max(case.n_checks + 1, n_due)
