"""What goes well: attendance that rose over four weeks, and who is back at school."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts import scope
from predictions.models import CurrentRisk, HelpState
from students.help import help_kinds
from students.help.help_kinds import KindOfHelp
from students.models import AttendanceRecord, Intervention, Student
from students.records import attendance_days

FOUR_WEEKS = 20
# Five points of attendance: one day of twenty.
POINTS = 0.05
STILL_MISSED = 0.1
SHOWN = 5
# Of one's own students, else of those of highest risk who get or got help.
MOST_OF_OWN, MOST_HELPED = 600, 200
BACK_WITHIN = dt.timedelta(days=28)
AWAY_FOR = dt.timedelta(days=30)


# Where a school's file is late, the days without it are not days without absences: each school's windows end on the
# newest day of which any of these students has an absence.
_RISEN = """
WITH missed AS MATERIALIZED (
    SELECT looked_at.student_id, looked_at.school_id, absent.held_on, absent.n_sessions::float8 AS n
    FROM unnest(%(students)s::bigint[], %(schools)s::bigint[]) AS looked_at (student_id, school_id)
    JOIN students_attendancerecord absent ON absent.student_id = looked_at.student_id
    WHERE absent.institution_id = %(institution)s AND absent.category = %(absent)s AND absent.replaced_on IS NULL
      AND absent.held_on BETWEEN %(from)s AND %(today)s
), windows AS (
    SELECT school_id, days[later + 1] AS newest, days[later + %(n)s] AS middle, days[later + 2 * %(n)s] AS start
    FROM (
        SELECT school_id, %(days)s::date[] AS days,
               (SELECT count(*) FROM unnest(%(days)s::date[]) AS day WHERE day > max(held_on))::integer AS later
        FROM missed GROUP BY school_id
    ) AS newest_of
)
SELECT student_id, coalesce(sum(n) FILTER (WHERE held_on < middle), 0) AS before,
       coalesce(sum(n) FILTER (WHERE held_on >= middle), 0) AS now, newest
FROM missed JOIN windows USING (school_id)
WHERE held_on BETWEEN start AND newest
GROUP BY student_id, newest
HAVING coalesce(sum(n) FILTER (WHERE held_on < middle), 0) - coalesce(sum(n) FILTER (WHERE held_on >= middle), 0)
    >= %(gain)s
"""

# Whoever was at school in between, for however short, was not away for a month.
_BACK = """
SELECT back.student_id, back.entered_on
FROM unnest(%(students)s::bigint[]) AS looked_at (student_id)
JOIN students_enrolment back ON back.student_id = looked_at.student_id
CROSS JOIN LATERAL (
    SELECT max(coalesce(former.exited_on, 'infinity')) AS last_day
    FROM students_enrolment former
    WHERE former.student_id = back.student_id AND former.institution_id = back.institution_id
      AND former.entered_on < back.entered_on AND former.replaced_on IS NULL
) AS before
WHERE back.institution_id = %(institution)s AND back.replaced_on IS NULL
  AND back.entered_on BETWEEN %(since)s AND %(today)s AND before.last_day <= back.entered_on - %(away)s
ORDER BY back.entered_on DESC, back.id LIMIT %(most)s
"""


def of(
    seen: QuerySet[CurrentRisk], *, is_own: bool, today: dt.date, kinds: dict[str, KindOfHelp]
) -> list[dict[str, Any]]:
    """Return what goes well with the students of a list, the most telling first; each names one student.

    :param is_own: whether they are somebody's own students; else only those who get or got help are looked at
    :param kinds: the institution's kinds of help by their code
    """
    looked_at = seen if is_own else seen.exclude(help_state=HelpState.NONE)
    most = MOST_OF_OWN if is_own else MOST_HELPED
    rows = list(looked_at.order_by("rank").values_list("student_id", "school_id")[:most])
    back = _back_at_school(rows, today)
    news = back + _attendance(rows, today, kinds)
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


def _attendance(rows: list[tuple[int, int]], today: dt.date, kinds: dict[str, KindOfHelp]) -> list[dict[str, Any]]:
    """Return whose attendance of the last twenty school days is five points better than of the twenty before."""
    days = attendance_days.school_days_until(today=today, n=3 * FOUR_WEEKS)
    if len(days) < 2 * FOUR_WEEKS:
        return []
    asked: dict[str, Any] = {
        "students": [key for key, _school in rows],
        "schools": [school for _key, school in rows],
        "institution": scope.current().institution_id,
        "absent": AttendanceRecord.Category.ABSENT,
        "from": days[-1],
        "today": today,
        "days": days,
        "n": FOUR_WEEKS,
        "gain": POINTS * FOUR_WEEKS,
    }
    with connection.cursor() as cursor:
        cursor.execute(_RISEN, asked)
        found: list[tuple[int, float, float, dt.date]] = cursor.fetchall()
    # Whoever still misses more than a tenth comes last: better, and not yet well.
    found.sort(key=lambda each: (each[2] > STILL_MISSED * FOUR_WEEKS, each[2] - each[1], each[0]))
    helped = _help_of([key for key, *_rest in found[:SHOWN]], kinds)
    return [
        {"student": key, "sentences": [_gain_words(before, now, day), *helped.get(key, [])]}
        for key, before, now, day in found[:SHOWN]
    ]


def _gain_words(before: float, now: float, day: dt.date) -> str:
    words = {"now": f"{now:g}", "before": f"{before:g}", "n": FOUR_WEEKS, "day": date_format(day, "j F")}
    if not now:
        return _("Missed none of the %(n)s school days up to %(day)s; %(before)s of the %(n)s before.") % words
    return _("Missed %(now)s of the %(n)s school days up to %(day)s; %(before)s of the %(n)s before.") % words


def _help_of(keys: list[int], kinds: dict[str, KindOfHelp]) -> dict[int, list[str]]:
    given = Intervention.objects.filter(student_id__in=keys).order_by("started_on", "pk")
    return {
        each.student_id: [
            _("%(kind)s since %(day)s.")
            % {"kind": help_kinds.label(each.kind, kinds=kinds), "day": date_format(each.started_on, "j F")}
        ]
        for each in given
    }


def _back_at_school(rows: list[tuple[int, int]], today: dt.date) -> list[dict[str, Any]]:
    """Return who came back to school within four weeks, after at least a month away."""
    asked: dict[str, Any] = {
        "students": [key for key, _school in rows],
        "institution": scope.current().institution_id,
        "since": today - BACK_WITHIN,
        "today": today,
        "away": AWAY_FOR.days,
        "most": SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BACK, asked)
        found: list[tuple[int, dt.date]] = cursor.fetchall()
    words = _("Back at school since %(day)s.")
    return [{"student": key, "sentences": [words % {"day": date_format(day, "j F")}]} for key, day in found]
