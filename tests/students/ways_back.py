"""What the tests of the way back say and do."""

from __future__ import annotations

import datetime as dt

from students.models import CaseStep, Enrolment, Outcome, ReengagementCase
from students.outcomes import outcomes_recorded, way_back
from students.outcomes.way_back import Told
from tests import rows

LEFT = dt.date(2025, 3, 3)
NOW = dt.datetime(2025, 3, 10, 17, tzinfo=dt.UTC)
TODAY = NOW.date()
Kind = CaseStep.Kind


def left(student, by, **given):
    said = {"exit_code": "Dropout", "happened_on": LEFT, "evidence": "A letter", "by": by, "now": NOW}
    return outcomes_recorded.record(student=student, **said | given)


def told_by_file(student, kind="dropped_out", happened_on=LEFT, **given):
    days = {"happened_on": happened_on, "known_on": happened_on}
    return rows.sound(Outcome, institution=student.institution, student=student, kind=kind, **days, **given)


def enrolled(student, entered_on, **given):
    days = {"entered_on": entered_on, "known_on": entered_on}
    of = {"institution": student.institution, "student": student, "school": student.school}
    return rows.sound(Enrolment, **of, **days, **given)


def case_of(student):
    return ReengagementCase.objects.filter(student=student).order_by("pk").last()


def do(case, by, kind, *, days=0, version=None, **given):
    """Record a step so many days after `TODAY`, going on from the case as it stands."""
    now = NOW + dt.timedelta(days=days)
    standing = ReengagementCase.objects.get(pk=case.pk)
    told = Told(kind=kind, done_on=given.pop("done_on", now.date()), **given)
    version = standing.version if version is None else version
    return way_back.record(case=standing, told=told, version=version, by=by, now=now)


def found(case, by, **given):
    said = {"talked_to": "family", "reason": "works", "words": "Helps in the shop"}
    return do(case, by, Kind.FOUND_OUT, **said | given)


def planned(case, by, **given):
    return do(case, by, Kind.PLANNED, **{"words": "Evening classes"} | given)


def back(case, by, **given):
    return do(case, by, Kind.RETURNED, **{"path": "school"} | given)


def look(case, by, **given):
    return do(case, by, Kind.CHECKED, **{"is_there": True} | given)


def end(case, by, **given):
    return do(case, by, Kind.ENDED, **{"ending": "moved", "words": "A neighbour says so"} | given)


def kinds(case):
    return list(case.steps.order_by("pk").values_list("kind", flat=True))
