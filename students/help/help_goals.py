"""How a goal of help that can be measured stands: the share of school days attended since the help began."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Sum

from students.models import AttendanceRecord, HelpPlan, SchoolDay

# Of fewer school days one cold decides.
FEWEST_DAYS = 5


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Percent of school days attended, of how many, the last one counted; None where too few were held yet."""

    percent: int | None
    n_days: int
    until: dt.date | None
    is_met: bool


def standing(plan: HelpPlan, *, today: dt.date) -> Standing | None:
    """Return how the goal stands on a day, or on the goal's own where that is over; None without a goal.

    Days without a record of absence count as attended, as everywhere. Days after the student left do not count.
    """
    if plan.attendance_goal is None or plan.attendance_goal_by is None:
        return None
    since, until = plan.intervention.started_on, min(today, plan.attendance_goal_by)
    left = plan.student.enrolment_set.order_by("entered_on").values_list("exited_on", flat=True).last()
    until = min(until, left or until)
    held = SchoolDay.objects.filter(institution_id=plan.institution_id, held_on__range=(since, until))
    days = list(held.order_by("held_on").values_list("held_on", flat=True))
    if len(days) < FEWEST_DAYS:
        return Standing(percent=None, n_days=len(days), until=days[-1] if days else None, is_met=False)
    absent = AttendanceRecord.objects.filter(
        student_id=plan.student_id, category=AttendanceRecord.Category.ABSENT, held_on__range=(since, until)
    )
    share = max(0.0, 1 - (absent.aggregate(n=Sum("n_sessions"))["n"] or 0) / len(days))
    # Rounded down: 89.9 is not yet 90.
    percent = int(100 * share + 1e-9)
    return Standing(percent=percent, n_days=len(days), until=days[-1], is_met=percent >= plan.attendance_goal)
