"""What became of students, as staff say it: recorded, corrected, and asked for where it is missing."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from accounts import audit_log, planner
from accounts.models import ApiClient, User
from students import outcome_codes
from students.models import Enrolment, Outcome, SchoolDay, Student
from students.undone_rows import TAKEN_BACK

SOURCE = "staff"
# For whoever is still enrolled when the year ends: what was said of an earlier summer says nothing of this year.
SPEAKS_FOR_THE_YEAR = dt.timedelta(days=180)


class Refused(Exception):
    """The outcome cannot be recorded so; the sentence is fit for the person who asked."""


class Overtaken(Exception):
    """Somebody else corrected the outcome meanwhile; `standing` is what they said."""

    def __init__(self, standing: Outcome) -> None:
        super().__init__("corrected meanwhile")
        self.standing = standing


@transaction.atomic
def record(  # noqa: PLR0913
    *,
    student: Student,
    exit_code: str,
    happened_on: dt.date,
    evidence: str,
    by: User | ApiClient,
    now: dt.datetime,
    corrects: Outcome | None = None,
) -> Outcome:
    """Record what became of a student, or correct what was said before. Sent twice, it stands once.

    Where another system says it, the outcome's source is that client's name.

    :raises Refused: for a day ahead, or what is on record already
    :raises Overtaken: if `corrects` was corrected meanwhile
    """
    # One row of the student orders whoever records at the same time.
    Student.objects.select_for_update(no_key=True, of=("self",)).get(pk=student.pk)
    today = student.institution.day_of(now)
    user, source = (by, SOURCE) if isinstance(by, User) else (None, by.name[:100])
    said = (outcome_codes.kind_of(exit_code), exit_code, happened_on, evidence)
    if happened_on > today:
        raise Refused(_("This day lies ahead. Record it once it has come."))
    standing = list(_standing(student))
    for outcome in standing:
        who = (outcome.source, outcome.recorded_by_id)
        if (*said, source, user and user.pk, corrects and corrects.pk) == (*_said(outcome), *who, outcome.corrects_id):
            return outcome
    if corrects is not None and corrects.pk not in {outcome.pk for outcome in standing}:
        raise Overtaken(_newest_of(corrects))
    if any(
        said == _said(outcome) if corrects and outcome.pk == corrects.pk else said[:3] == _said(outcome)[:3]
        for outcome in standing
    ):
        raise Refused(_("This is on record already. Correct what stands there if something about it is wrong."))
    audit_log.record(
        action="outcome_corrected" if corrects else "outcome_recorded", by=by, now=now, subjects=[student.public_id]
    )
    return Outcome.objects.create(
        institution_id=student.institution_id,
        student=student,
        kind=said[0],
        exit_code=exit_code,
        happened_on=happened_on,
        known_on=today,
        source=source,
        evidence=evidence,
        corrects=corrects,
        recorded_by=user,
        recorded_at=now,
    )


def told(student: Student) -> list[Outcome]:
    """Return everything that was ever said of a student's outcome, newest first; corrected ones have `corrected_by`."""
    rows = Outcome.objects.filter(student=student).exclude(exit_code=TAKEN_BACK)
    rows = rows.select_related("recorded_by", "corrected_by")
    return list(rows.order_by("-recorded_at", "-pk"))


def missing(user: User, *, today: dt.date, most: int) -> list[Enrolment]:
    """Return the last enrolments of students who left, or whose school year ended, and nobody said what came.

    By name, the first so many of those the person may see.
    """
    later = Enrolment.objects.filter(student_id=OuterRef("student_id")).filter(
        Q(entered_on__gt=OuterRef("entered_on")) | Q(entered_on=OuterRef("entered_on"), pk__gt=OuterRef("pk"))
    )
    # An upload that was taken back leaves an outcome that says nothing.
    since_entry = Outcome.objects.exclude(exit_code=TAKEN_BACK).filter(
        student_id=OuterRef("student_id"), corrected_by=None, happened_on__gte=OuterRef("entered_on")
    )
    last = Enrolment.objects.visible_to(user).filter(~Exists(later))
    # One question each, and the keys first: with OR between them, the server would look for the outcomes one by one.
    due = [last.filter(~Exists(since_entry), exited_on__lte=today)]
    last_day = SchoolDay.objects.order_by("-held_on").values_list("held_on", flat=True).first()
    if last_day is not None and last_day < today:
        this_year = since_entry.filter(happened_on__gte=last_day - SPEAKS_FOR_THE_YEAR)
        due.append(last.filter(~Exists(this_year), exited_on=None, entered_on__lte=last_day))
    order = ("student__family_name", "student__given_name", "student_id")
    first = [found.order_by(*order).values_list(*order, "pk")[:most] for found in due]
    # Of a whole institution they are joined as a whole, whatever the policies let the planner expect.
    with planner.without("nestloop", "mergejoin"):
        rows = sorted((name, given, student, pk) for found in first for name, given, student, pk in found)
    by_key = Enrolment.objects.select_related("student__school").in_bulk([pk for *_name, pk in rows[:most]])
    return [by_key[pk] for *_name, pk in rows[:most]]


def _standing(student: Student) -> QuerySet[Outcome]:
    return Outcome.objects.filter(student=student, corrected_by=None)


def _said(outcome: Outcome) -> tuple[str, str, dt.date, str]:
    return outcome.kind, outcome.exit_code, outcome.happened_on, outcome.evidence


def _newest_of(outcome: Outcome) -> Outcome:
    later = Outcome.objects.filter(corrects=outcome).select_related("recorded_by").first()
    return _newest_of(later) if later else outcome
