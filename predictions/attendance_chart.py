"""The figure of a student's attendance beside their school's, as Plotly JSON with its message and its numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from predictions import school_attendance
from students.help import interventions
from students.models import AttendanceRecord, Enrolment, Intervention, SchoolDay, Student

Shares = dict[dt.date, float]

LOOKS_BACK = dt.timedelta(weeks=40)
FEWEST_WEEKS = 4
# One bad week is a cold: each point is the share over four school weeks.
ROLLING_WEEKS = 4
LONGEST_GAP = dt.timedelta(days=21)
NOTABLE_SHARE = 0.05


def figure(
    student: Student,
    *,
    enrolments: Sequence[Enrolment],
    help_given: Iterable[Intervention],
    today: dt.date,
    back_on: dt.date | None = None,
) -> dict[str, Any] | None:
    """Return the figure; None without a calendar, or with less than a month of it.

    :param enrolments: all of the student's, the newest entry first
    :param help_given: all of the student's, with its ends
    :param back_on: the day on which a student came back who had left: no point mixes the time before with the time
        since, and the title is of the time since
    """
    days = _days_of_school(enrolments, today)
    held, own_held = _weeks_of(days), _weeks_of(day for day in days if _is_here(enrolments, day))
    if len(own_held) < FEWEST_WEEKS:
        return None
    until = days[-1]
    since = max(enrolments[-1].entered_on, until - LOOKS_BACK)
    absences = student.attendancerecord_set.filter(
        category=AttendanceRecord.Category.ABSENT, held_on__range=(since, until)
    )
    own = _rolling(_by_week(absences), own_held, again=back_on and _monday(back_on))
    missed = school_attendance.by_week(student.school_id, held, since=since, until=until)
    school = _rolling(missed, Counter({week: held[week] for week in missed}))
    return _drawn(student, own, school, help_given, back_on)


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _weeks_of(days: Iterable[dt.date]) -> Counter[dt.date]:
    return Counter(_monday(day) for day in days)


def _is_here(enrolments: Iterable[Enrolment], day: dt.date) -> bool:
    """Tell whether a day lies in a stay: a day away from school was not attended."""
    return any(stay.entered_on <= day and (stay.exited_on is None or day <= stay.exited_on) for stay in enrolments)


def _days_of_school(enrolments: Sequence[Enrolment], today: dt.date) -> list[dt.date]:
    """Return the school days that there is attendance of to show, the oldest first."""
    if not enrolments:
        return []
    last = min(enrolments[0].exited_on or today, today)
    held = SchoolDay.objects.filter(held_on__range=(enrolments[-1].entered_on, last))
    newest_first = list(held.order_by("-held_on").values_list("held_on", flat=True)[: LOOKS_BACK.days])
    return [day for day in reversed(newest_first) if day >= newest_first[0] - LOOKS_BACK]


def _by_week(absences: Any) -> Shares:
    weekly = absences.annotate(week=TruncWeek("held_on")).values("week").annotate(n=Sum("n_sessions"))
    return {row["week"]: row["n"] for row in weekly.order_by("week")}


def _rolling(missed: Shares, held: Counter[dt.date], *, again: dt.date | None = None) -> Shares:
    """Return the share of each week and those before it; from the week `again` on, of none before that one."""
    weeks = sorted(held)
    shares = {}
    for place, week in enumerate(weeks):
        window = weeks[max(0, place - ROLLING_WEEKS + 1) : place + 1]
        window = [one for one in window if not again or one >= again or week < again]
        sessions = sum(held[day] for day in window)
        shares[week] = max(0.0, 1 - sum(missed.get(day, 0) for day in window) / sessions)
    return shares


def _drawn(
    student: Student, own: Shares, school: Shares, help_given: Iterable[Intervention], back_on: dt.date | None
) -> dict[str, Any]:
    weeks = sorted(own)
    since = [week for week in weeks if not back_on or week >= _monday(back_on)]
    marks = _return(back_on) if back_on and back_on >= weeks[0] else ([], [])
    everyone = _("%(school)s, everyone") % {"school": student.school.name}
    lines = [_line(everyone, school, {"color": "var(--quiet)", "width": 1.25, "dash": "dot"})] if school else []
    lines += [_line(student.name, own, {"color": "var(--chart-student)", "width": 2.5}, breaks_at=back_on)]
    lowest = min(0.5, *own.values()) - 0.02
    title = _title([own[week] for week in since], back_on)
    return {
        "id": "attendance-chart",
        "title": title,
        "alt": _("Share of school days attended, over four weeks each. %(title)s.") % {"title": title},
        "figure": {
            "data": lines,
            "layout": {
                "yaxis": {"tickformat": ".0%", "range": [lowest, 1.02]},
                "xaxis": {"type": "date", "tickformat": "%b"},
                "shapes": [*_help_spans(help_given, weeks), *marks[0]],
                # Lines are named where they stand: there is no legend to look up.
                "annotations": [*([_named(min(school), school)] if school else []), *marks[1]],
            },
        },
        "columns": [_("Four weeks up to the week of"), _("Attended"), *([everyone] if school else [])],
        "rows": [[_day(week), *_shares(week, own, *([school] if school else []))] for week in weeks],
    }


def _named(week: dt.date, school: Shares) -> dict[str, Any]:
    return {
        "x": week.isoformat(),
        "y": school[week],
        "text": _("everyone at school"),
        "showarrow": False,
        "xanchor": "left",
        "yanchor": "top",
    }


def _return(back_on: dt.date) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return a line at the day of the return, and its name."""
    there = {"xref": "x", "yref": "paper"}
    dotted = {"color": "var(--quiet)", "width": 1, "dash": "dot"}
    day = back_on.isoformat()
    line = there | {"type": "line", "x0": day, "x1": day, "y0": 0, "y1": 1, "line": dotted}
    place = {"x": day, "y": 0, "showarrow": False, "xanchor": "right", "yanchor": "bottom"}
    return [line], [there | place | {"text": _("back at school")}]


def _shares(week: dt.date, *lines: Shares) -> list[str]:
    """Return a week's share of each line; a dash where it was not added up."""
    return [f"{line[week]:.0%}" if week in line else "–" for line in lines]


def _line(name: str, shares: Shares, line: dict[str, Any], *, breaks_at: dt.date | None = None) -> dict[str, Any]:
    """Return a line that breaks over holidays and at a day, instead of drawing attendance where there was no school."""
    x: list[str] = []
    y: list[float | None] = []
    before = None
    for week in sorted(shares):
        if before and (week - before > LONGEST_GAP or (breaks_at and before < _monday(breaks_at) <= week)):
            x.append((before + dt.timedelta(days=7)).isoformat())
            y.append(None)
        x.append(week.isoformat())
        y.append(round(shares[week], 3))
        before = week
    hover = "%{x|%-d %b}: %{y:.0%}<extra>%{fullData.name}</extra>"
    return {"type": "scatter", "mode": "lines", "name": name, "x": x, "y": y, "line": line, "hovertemplate": hover}


def _help_spans(help_given: Iterable[Intervention], weeks: list[dt.date]) -> list[dict[str, Any]]:
    """Return the help given as shaded spans, each up to the end that was last told."""
    spans = [(help_.started_on, interventions.last_day(help_) or weeks[-1]) for help_ in help_given]
    return [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": max(begun, weeks[0]).isoformat(),
            "x1": min(ended, weeks[-1]).isoformat(),
            "y0": 0,
            "y1": 1,
            "fillcolor": "var(--chart-help)",
            "line": {"width": 0},
            "layer": "below",
        }
        for begun, ended in spans
        if begun <= weeks[-1] and ended >= weeks[0]
    ]


def _title(shares: list[float], back_on: dt.date | None) -> str:
    if back_on and len(shares) < FEWEST_WEEKS:
        return _("Back at school since %(day)s") % {"day": _day(back_on)}
    half = max(1, len(shares) // 2)
    before, after = sum(shares[:half]) / half, sum(shares[half:]) / max(1, len(shares) - half)
    if after < before - NOTABLE_SHARE:
        return _("Attendance is lower than it was")
    if after > before + NOTABLE_SHARE:
        return _("Attendance is better than it was")
    return _("Attendance is about as it was")


def _day(day: dt.date) -> str:
    return date_format(day, "j M Y")
