"""What goes well: attendance that rose over four weeks, and who is back at school."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from predictions.models import CurrentRisk, HelpState
from students import attendance_days, help_kinds
from students.models import AttendanceRecord, Enrolment, Intervention, Student

FOUR_WEEKS = 20
# Five points of attendance: one day of twenty.
POINTS = 0.05
STILL_MISSED = 0.1
SHOWN = 5
# Of one's own students, else of those who get or got help.
MOST_LOOKED_AT = 600
BACK_WITHIN = dt.timedelta(days=28)
AWAY_FOR = dt.timedelta(days=30)


def of(seen: QuerySet[CurrentRisk], *, is_own: bool, today: dt.date) -> list[dict[str, Any]]:
    """Return what goes well with the students of a list, the most telling first; each names one student.

    :param is_own: whether they are somebody's own students; else only those who get or got help are looked at
    """
    looked_at = seen if is_own else seen.exclude(help_state=HelpState.NONE)
    rows = list(looked_at.order_by("rank").values_list("student_id", "school_id")[:MOST_LOOKED_AT])
    back = _back_at_school([key for key, _school in rows], today)
    news = back + _attendance(dict(rows), today)
    students = Student.objects.in_bulk([each["student"] for each in news[:SHOWN]])
    return [
        {
            "name": students[each["student"]].name,
            "public_id": students[each["student"]].public_id,
            "url": reverse("student_page", args=[students[each["student"]].public_id]),
            "sentences": each["sentences"],
        }
        for each in news[:SHOWN]
        if each["student"] in students
    ]


def _attendance(school_of: dict[int, int], today: dt.date) -> list[dict[str, Any]]:
    """Return whose attendance of the last twenty school days is five points better than of the twenty before."""
    days = attendance_days.school_days_until(today=today, n=3 * FOUR_WEEKS)
    if len(days) < 2 * FOUR_WEEKS:
        return []
    absent = AttendanceRecord.objects.filter(
        student_id__in=school_of, category=AttendanceRecord.Category.ABSENT, held_on__range=(days[-1], today)
    )
    missed: dict[int, list[tuple[dt.date, float]]] = defaultdict(list)
    newest: dict[int, dt.date] = {}
    for key, day, n in absent.values_list("student_id", "held_on", "n_sessions"):
        missed[key].append((day, float(n)))
        # Where a school's file is late, the days without it are not days without absences.
        newest[school_of[key]] = max(day, newest.get(school_of[key], day))
    found = []
    for key, rows in missed.items():
        known = [day for day in days if day <= newest[school_of[key]]]
        if len(known) < 2 * FOUR_WEEKS:
            continue
        start, middle = known[2 * FOUR_WEEKS - 1], known[FOUR_WEEKS - 1]
        before = sum(n for day, n in rows if start <= day < middle)
        now = sum(n for day, n in rows if middle <= day <= known[0])
        if before - now >= POINTS * FOUR_WEEKS:
            found.append((before - now, key, before, now, known[0]))
    # Whoever still misses more than a tenth comes last: better, and not yet well.
    found.sort(key=lambda each: (each[3] > STILL_MISSED * FOUR_WEEKS, -each[0], each[1]))
    helped = _help_of([key for _gain, key, *_rest in found[:SHOWN]])
    return [
        {"student": key, "sentences": [_gain_words(before, now, day), *helped.get(key, [])]}
        for _gain, key, before, now, day in found[:SHOWN]
    ]


def _gain_words(before: float, now: float, day: dt.date) -> str:
    words = {"now": f"{now:g}", "before": f"{before:g}", "n": FOUR_WEEKS, "day": date_format(day, "j F")}
    if not now:
        return _("Missed none of the %(n)s school days up to %(day)s; %(before)s of the %(n)s before.") % words
    return _("Missed %(now)s of the %(n)s school days up to %(day)s; %(before)s of the %(n)s before.") % words


def _help_of(keys: list[int]) -> dict[int, list[str]]:
    given = Intervention.objects.filter(student_id__in=keys).order_by("started_on", "pk")
    return {
        each.student_id: [
            _("%(kind)s since %(day)s.")
            % {"kind": help_kinds.label(each.kind), "day": date_format(each.started_on, "j F")}
        ]
        for each in given
    }


def _back_at_school(keys: list[int], today: dt.date) -> list[dict[str, Any]]:
    """Return who came back to school within four weeks, after at least a month away."""
    away = Enrolment.objects.filter(student_id=OuterRef("student_id"), exited_on__lte=OuterRef("entered_on") - AWAY_FOR)
    since = Enrolment.objects.filter(student_id=OuterRef("student_id"), entered_on__lt=OuterRef("entered_on")).exclude(
        exited_on__lte=OuterRef("entered_on") - AWAY_FOR
    )
    back = Enrolment.objects.filter(student_id__in=keys, entered_on__range=(today - BACK_WITHIN, today))
    rows = back.filter(Exists(away), ~Exists(since)).order_by("-entered_on", "pk")
    words = _("Back at school since %(day)s.")
    return [
        {"student": row.student_id, "sentences": [words % {"day": date_format(row.entered_on, "j F")}]}
        for row in rows[:SHOWN]
    ]
