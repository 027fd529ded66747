"""What staff leave at a large institution in a year: students of counsellors, help, concerns, outcomes, ways back.

Made beside the students that `large_institution` copied, as many of each as the pages of a district have to hold.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import psycopg
from django.db.models import F
from django.utils import timezone

from accounts import scope
from accounts.models import Institution, Membership, Role, School, User
from predictions.models import CurrentRisk
from students.models import (
    CaseEnding,
    Caseload,
    CaseState,
    Concern,
    ConcernStep,
    HelpPlan,
    Outcome,
    ReengagementCase,
    SchoolDay,
    Student,
)
from students.outcomes import cases_opened

PER_COUNSELLOR = 200
A_DAY = dt.timedelta(days=1)


def move_absences_to_now(connection: psycopg.Connection[Any], *, from_day: dt.date) -> None:
    """Move all absences by whole weeks, so that those of a day lie in this week, as in a school that is in term.

    In two steps: on its way a row may not meet another one of the same student and day.
    """
    weeks = (timezone.localdate() - from_day).days // 7
    for n_days in (100_000, 7 * weeks - 100_000):
        connection.execute(
            "UPDATE students_attendancerecord SET held_on = held_on + %(n)s, known_on = known_on + %(n)s", {"n": n_days}
        )


def add(connection: psycopg.Connection[Any], *, institution: Institution) -> User:
    """Add what staff leave, and return one counsellor of many.

    A counsellor works at one school and has 200 students. Of a hundred students ten get or got help, two are spoken of
    and five left this autumn: of two of these nobody said what became of them, one is on the way back.

    :param connection: of the tables' owner, who stands above row-level security
    """
    with scope.entered(scope.of_institution(institution)):
        days = (timezone.localdate() + A_DAY * n for n in range(-250, 30))
        in_term = [SchoolDay(institution=institution, held_on=day) for day in days if day.weekday() < 5]  # noqa: PLR2004
        SchoolDay.objects.bulk_create(in_term, ignore_conflicts=True)
        students = list(Student.objects.filter(external_id__startswith="L").order_by("school_id", "pk"))
        whose = _counsellors(students, institution)
        _give(students, whose)
        _speak(students, whose)
        left = students[3::20]
    connection.execute(
        "UPDATE students_enrolment SET exited_on = current_date - (student_id %% 60)::int, exit_known_on = current_date"
        " WHERE exited_on IS NULL AND student_id = ANY(%s) AND entered_on < current_date - 61",
        [[student.pk for student in left]],
    )
    with scope.entered(scope.of_institution(institution)):
        _say_what_became(left)
        cases_opened.open_cases(now=timezone.now())
        _spread_cases()
    return whose[students[len(students) // 2].pk]


def _counsellors(students: list[Student], institution: Institution) -> dict[int, User]:
    """Return a counsellor for each student's key, new ones for each school."""
    places: dict[int, list[int]] = {}
    for student in students:
        places.setdefault(student.school_id, []).append(student.pk)
    whose: dict[int, User] = {}
    for school in School.objects.filter(pk__in=places):
        for first in range(0, len(places[school.pk]), PER_COUNSELLOR):
            user = User.objects.create(email=f"c{school.pk}.{first}@large.example", display_name=f"C {first}")
            membership = Membership.objects.create(
                user=user, institution=institution, role=Role.COUNSELLOR, starts_on=dt.date(2020, 1, 1)
            )
            membership.schools.set([school])
            whose |= dict.fromkeys(places[school.pk][first : first + PER_COUNSELLOR], user)
    return whose


def _give(students: list[Student], whose: dict[int, User]) -> None:
    since = timezone.localdate() - 60 * A_DAY
    Caseload.objects.bulk_create(
        Caseload(institution_id=each.institution_id, student=each, counsellor=whose[each.pk], starts_on=since)
        for each in students
    )
    of_user: dict[User, list[int]] = {}
    for pk, user in whose.items():
        of_user.setdefault(user, []).append(pk)
    for user, keys in of_user.items():
        CurrentRisk.objects.filter(student_id__in=keys).update(counsellor=user)
        HelpPlan.objects.filter(student_id__in=keys).update(owner=user)


def _speak(students: list[Student], whose: dict[int, User]) -> None:
    """Raise a concern of every fiftieth student, every fifth of them kudos; half of all are answered."""
    now = timezone.now()
    spoken_of = students[1::50]
    concerns = Concern.objects.bulk_create(
        Concern(
            institution_id=each.institution_id,
            student=each,
            kind=Concern.Kind.CONCERN if n % 5 else Concern.Kind.KUDOS,
            words="Sits alone at lunch since the holidays, and says little in class",
            raised_by=whose[students[(50 * n + 250) % len(students)].pk],
            raised_at=now - 9 * A_DAY,
            to=whose[each.pk],
            closed_at=now - A_DAY * (n % 20) if n % 2 else None,
            request_key=uuid.uuid4(),
        )
        for n, each in enumerate(spoken_of)
    )
    ConcernStep.objects.bulk_create(
        ConcernStep(
            institution_id=each.institution_id,
            student=each.student,
            concern=each,
            words="We talked; a friend sits beside her now",
            by=each.to,
            at=each.closed_at,
        )
        for each in concerns
        if each.closed_at is not None
    )


def _say_what_became(left: list[Student]) -> None:
    """Say of three in five what became of them; one of these left before finishing."""
    now, today = timezone.now(), timezone.localdate()
    Outcome.objects.bulk_create(
        Outcome(
            institution_id=each.institution_id,
            student=each,
            kind="transferred" if n % 5 else "dropped_out",
            exit_code="Moved out of state" if n % 5 else "Dropout",
            happened_on=today - A_DAY * (each.pk % 60),
            known_on=today,
            source="staff",
            recorded_at=now,
        )
        for n, each in enumerate(left)
        if n % 5 < 3  # noqa: PLR2004
    )


def _spread_cases() -> None:
    """Let cases stand as after a while: some late, some due this week, some later, one in four over."""
    today = timezone.localdate()
    cases = list(ReengagementCase.objects.order_by("pk"))
    for n, case in enumerate(cases):
        if n % 4 == 0:
            case.state, case.ending, case.ended_on, case.due_on = CaseState.ENDED, CaseEnding.MOVED, today, None
        else:
            case.due_on = today + A_DAY * (n % 40 - 20)
    ReengagementCase.objects.bulk_update(cases, ["state", "ending", "ended_on", "due_on"])
    ReengagementCase.objects.update(version=F("version") + 1)
