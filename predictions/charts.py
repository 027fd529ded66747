"""Figures of the student page as Plotly JSON, each with its message, its words and its numbers."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncWeek
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from predictions import wording
from predictions.models import RiskScore
from students.models import AttendanceRecord, SchoolDay, Student

WEEKS_SHOWN = 40
FEWEST_WEEKS = 4
NOTABLE = 0.05
ABSENT = AttendanceRecord.Category.ABSENT


def attendance(student: Student, *, today: dt.date) -> dict[str, Any] | None:
    """Return the share of school days attended by week, beside the school's; None without a calendar."""
    last = SchoolDay.objects.filter(institution_id=student.institution_id, held_on__lte=today)
    newest = last.order_by("-held_on").values_list("held_on", flat=True).first()
    enrolment = student.enrolment_set.order_by("-entered_on").first()
    if newest is None or enrolment is None:
        return None
    until = min(newest, enrolment.exited_on or newest)
    first = student.enrolment_set.order_by("entered_on").values_list("entered_on", flat=True)[0]
    since = max(first, until - dt.timedelta(weeks=WEEKS_SHOWN))
    days = SchoolDay.objects.filter(institution_id=student.institution_id, held_on__range=(since, until))
    held = Counter(_monday(day) for day in days.values_list("held_on", flat=True))
    if len(held) < FEWEST_WEEKS:
        return None
    absences = AttendanceRecord.objects.filter(category=ABSENT, held_on__range=(since, until))
    own = _by_week(absences.filter(student=student))
    weeks = sorted(held)
    share = {week: max(0.0, 1 - own.get(week, 0) / held[week]) for week in weeks}
    everyone = _school_share(absences, student, held)
    return _attendance_figure(weeks, share, everyone, student)


def risk(student: Student, *, in_numbers: bool) -> dict[str, Any] | None:
    """Return the student's place over the lists so far; numbers stand on it only if they were asked for."""
    scores = RiskScore.objects.filter(student=student, run__published_at__isnull=False, insufficient_data=False)
    newest_of_day = {score.run.as_of: score for score in scores.select_related("run").defer("contributions", "reasons")}
    points = [newest_of_day[day] for day in sorted(newest_of_day)]
    if len(points) < 2:
        return None
    days = [score.run.as_of.isoformat() for score in points]
    labels = [wording.tier_label(score.tier) for score in points]
    title = _moved(points)
    axis: dict[str, Any] = {"rangemode": "tozero", "title": {"text": _("Model's estimate")}}
    if in_numbers:
        axis |= {"tickformat": ".0%"}
    else:
        axis |= {"showticklabels": False}
    line = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": days,
        "y": [round(score.risk, 4) for score in points] if in_numbers else [_height(score) for score in points],
        "text": labels,
        "hovertemplate": "%{x|%-d %b %Y}<br>%{text}<extra></extra>",
    }
    numbers = [
        [_day(score.run.as_of), label, _in_words(score, in_numbers)]
        for score, label in zip(points, labels, strict=True)
    ]
    return {
        "id": "risk-chart",
        "title": title,
        "alt": title,
        "figure": {"data": [line], "layout": {"yaxis": axis, "xaxis": {"type": "date", "tickformat": "%b %Y"}}},
        "columns": [
            _("Records up to"),
            _("Support suggested"),
            _("Estimate") if in_numbers else _("Place on the list"),
        ],
        "rows": numbers,
    }


def _height(score: RiskScore) -> float:
    """Place a score among its own list's, 1 at the top: a place says what a number would say too loudly."""
    ranked = score.run.n_scored - score.run.n_insufficient
    return round(1 - (score.rank - 1) / max(ranked, 1), 3)


def _in_words(score: RiskScore, in_numbers: bool) -> str:
    if in_numbers:
        return f"{score.risk:.0%}"
    return _("%(rank)s of %(n)s") % {"rank": score.rank, "n": score.run.n_scored - score.run.n_insufficient}


def _moved(points: list[RiskScore]) -> str:
    order = {"routine_support": 0, "check_in": 1, "review_first": 2}
    change = order[points[-1].tier] - order[points[0].tier]
    words = {"day": _day(points[0].run.as_of)}
    if change > 0:
        return _("Moved up the list since %(day)s") % words
    if change < 0:
        return _("Moved down the list since %(day)s") % words
    return _("About the same place since %(day)s") % words


def _attendance_figure(
    weeks: list[dt.date], share: dict[dt.date, float], everyone: dict[dt.date, float], student: Student
) -> dict[str, Any]:
    x = [week.isoformat() for week in weeks]
    title = _attendance_title([share[week] for week in weeks])
    school = _("%(school)s, everyone") % {"school": student.school.name}
    spans = [
        {
            "type": "rect",
            "xref": "x",
            "yref": "paper",
            "x0": max(span.started_on, weeks[0]).isoformat(),
            "x1": (span.ended_on or weeks[-1]).isoformat(),
            "y0": 0,
            "y1": 1,
            "fillcolor": "var(--accent-soft)",
            "line": {"width": 0},
            "layer": "below",
        }
        for span in student.intervention_set.all()
        if span.started_on <= weeks[-1] and (span.ended_on or weeks[-1]) >= weeks[0]
    ]
    lines = [
        {
            "name": school,
            "y": [everyone.get(week) for week in weeks],
            "line": {"color": "var(--quiet)", "width": 1, "dash": "dot"},
        },
        {
            "name": student.name,
            "y": [round(share[week], 3) for week in weeks],
            "line": {"color": "var(--chart-student)", "width": 2.5},
        },
    ]
    hover = "%{x|%-d %b}: %{y:.0%}<extra>%{fullData.name}</extra>"
    return {
        "id": "attendance-chart",
        "title": title,
        "alt": _("Share of school days attended, week by week. %(title)s.") % {"title": title},
        "figure": {
            "data": [{"type": "scatter", "mode": "lines", "x": x, "hovertemplate": hover, **line} for line in lines],
            "layout": {
                "yaxis": {"tickformat": ".0%", "range": [min(0.5, *share.values()) - 0.02, 1.02]},
                "xaxis": {"type": "date", "tickformat": "%b"},
                "shapes": spans,
                "annotations": [
                    {"x": x[-1], "y": everyone[weeks[-1]], "text": _("everyone here"), "showarrow": False}
                    | {"xanchor": "right", "yanchor": "bottom"}
                ]
                if everyone.get(weeks[-1]) is not None
                else [],
            },
        },
        "columns": [_("Week of"), _("Attended"), school],
        "rows": [
            [_day(week), f"{share[week]:.0%}", f"{everyone[week]:.0%}" if week in everyone else "–"] for week in weeks
        ],
    }


def _attendance_title(shares: list[float]) -> str:
    half = len(shares) // 2
    before, after = sum(shares[:half]) / half, sum(shares[half:]) / (len(shares) - half)
    if after < before - NOTABLE:
        return _("Attendance is lower than it was")
    if after > before + NOTABLE:
        return _("Attendance is better than it was")
    return _("Attendance is steady")


def _school_share(absences: Any, student: Student, held: Counter[dt.date]) -> dict[dt.date, float]:
    """Return the share of days all students of the school attended, by week."""
    n_enrolled = Student.objects.filter(school_id=student.school_id, enrolment__exited_on=None).count()
    if not n_enrolled:
        return {}
    missed = _by_week(absences.filter(school_id=student.school_id))
    return {week: round(max(0.0, 1 - missed.get(week, 0) / (held[week] * n_enrolled)), 3) for week in held}


def _by_week(absences: Any) -> dict[dt.date, float]:
    weekly = absences.annotate(week=TruncWeek("held_on")).values("week").annotate(n=Sum("n_sessions"))
    return {row["week"]: row["n"] for row in weekly.order_by("week")}


def _monday(day: dt.date) -> dt.date:
    return day - dt.timedelta(days=day.weekday())


def _day(day: dt.date) -> str:
    return date_format(day, "j M Y")
