"""What the demo's people said to each other of students, and how far two students are on their way back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from typing import Protocol

from accounts import scope
from accounts.models import Membership, School, User
from students.models import Concern, Outcome, ReengagementCase, Student
from students.outcomes import cases_opened, way_back
from students.people import concerns, notes

# One form is sent once: its key follows from what it says.
FORMS = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.example")
# Who left so many days ago or earlier, and how many of them somebody works with.
LEFT_BEFORE, WORKED_WITH = 30, 3


class Clock(Protocol):
    """Moments of the demo's past: see `dropout_portal.demo_life.Clock`."""

    def day(self, back: int) -> dt.date:
        """Return the weekday that was so many days ago."""

    def at(self, back: int, hour: int) -> dt.datetime:
        """Return a moment of that day."""


def concerns_and_notes(students: Sequence[Student], clock: Clock, *, counsellor: User, colleague: User) -> None:
    """Raise a concern that waits, one that was answered, and kudos; write a note for everybody and one for few."""
    first, second, third = students[:3]
    _raise(first, Concern.Kind.CONCERN, "Sleeps in first period, three days in a row.", clock.at(2, 10), colleague)
    _raise(third, Concern.Kind.KUDOS, "Stayed after class to help a new student.", clock.at(1, 14), colleague)
    asked = _raise(second, Concern.Kind.CONCERN, "Has had no lunch since Monday.", clock.at(6, 12), colleague)
    words = "Talked with the family: meals are free from this week on."
    concerns.close(concern=asked, words=words, by=counsellor, now=clock.at(2, 9))
    _write(first, "Likes to talk while walking. Mornings are best.", clock.at(20, 11), counsellor)
    _write(first, "The family is looking for a flat. Ask before you call.", clock.at(5, 11), counsellor, [colleague])


def _raise(student: Student, kind: str, words: str, at: dt.datetime, by: User) -> Concern:
    key = uuid.uuid5(FORMS, words)
    return concerns.raise_concern(student=student, kind=kind, words=words, by=by, now=at, request_key=key)


def _write(student: Student, words: str, at: dt.datetime, by: User, named: Sequence[User] = ()) -> None:
    """Write a note as its author: the database takes it from nobody else."""
    typed = notes.Typed(
        words=words, request_key=uuid.uuid5(FORMS, words), visibility="named" if named else "all", named=named
    )
    membership = Membership.objects.filter(user=by, institution_id=student.institution_id).latest("starts_on")
    with scope.entered(scope.of_membership(membership)):
        notes.write(student=student, typed=typed, by=by, now=at)


def ways_back(school: School, clock: Clock, *, by: User) -> None:
    """Open the cases of some who left a school; of one somebody found out why, another one has a plan."""
    left = Outcome.objects.filter(
        kind=Outcome.Kind.DROPPED_OUT,
        corrected_by=None,
        student__school=school,
        happened_on__range=(clock.day(cases_opened.WITHIN.days - LEFT_BEFORE), clock.day(LEFT_BEFORE)),
    )
    students = [row.student for row in left.select_related("student").order_by("-happened_on", "pk")[:WORKED_WITH]]
    if not students:
        return
    cases_opened.open_cases(now=clock.at(10, 6), students=students)
    cases = list(ReengagementCase.objects.filter(student__in=students).order_by("pk")[:2])
    for case in cases:
        found = way_back.Told(
            kind="found_out",
            done_on=clock.day(6),
            talked_to="student",
            reason="works",
            words="Works mornings at a bakery. Would come back for an evening class.",
        )
        way_back.give(case=case, owner=by, version=_version(case), by=by, now=clock.at(8, 9))
        way_back.record(case=case, told=found, version=_version(case), by=by, now=clock.at(6, 15))
    for case in cases[:1]:
        plan = way_back.Told(kind="planned", done_on=clock.day(3), words="Evening class from next term.")
        way_back.record(case=case, told=plan, version=_version(case), by=by, now=clock.at(3, 15))


def _version(case: ReengagementCase) -> int:
    return ReengagementCase.objects.values_list("version", flat=True).get(pk=case.pk)
