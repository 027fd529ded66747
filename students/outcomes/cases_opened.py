"""Cases of the way back that open, move on and end by themselves, from what is on record.

A pull: asked again, it finds nothing left to do. Called after outcomes are recorded, and every few minutes for what
came by file.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from accounts import scope
from accounts.models import Institution
from accounts.scope import ScopedQuerySet
from students.changes.undo_sql import TAKEN_BACK
from students.models import (
    CaseEnding,
    Caseload,
    CasePath,
    CaseState,
    CaseStep,
    Enrolment,
    Outcome,
    ReengagementCase,
    Student,
    StudentMerge,
    WayBackDeadlines,
)
from students.outcomes import way_back_deadlines
from students.outcomes.outcome_codes import TERMINAL_KINDS
from students.outcomes.way_back import put_end

# Who left longer ago is past what a school can follow; those it works on already stay.
WITHIN = dt.timedelta(days=365)
_ON_THE_WAY = (CaseState.FINDING_OUT, CaseState.PLANNING, CaseState.RETURNING)


def open_everywhere(*, now: dt.datetime) -> int:
    """Open what is due at every institution, and return how many cases were opened."""
    n = 0
    for institution in Institution.objects.order_by("pk"):
        with scope.entered(scope.of_institution(institution)):
            n += open_cases(now=now)
    return n


@transaction.atomic
def open_cases(*, now: dt.datetime, students: Collection[Student] | None = None) -> int:
    """Open a case for whoever left within the year and has none for it; end or move on those the record settles.

    :param students: only these, as after something was recorded of them; None for everybody in scope
    :returns: how many cases were opened
    """
    today = Institution.objects.get(pk=scope.current().institution_id).day_of(now)
    asked = Q() if students is None else Q(student__in=[student.pk for student in students])
    concerned = {pk for rows in (*_to_settle(today), _left(today)) for pk in _students_of(rows.filter(asked))}
    if not concerned:
        return 0
    # Of two pulls at once the second waits here, and then finds what the first did.
    held = Student.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=concerned).order_by("pk")
    list(held.values_list("pk"))
    deadlines = way_back_deadlines.standing()
    _settle_all(concerned, today=today, now=now, deadlines=deadlines)
    opened = _open(concerned, today=today, now=now, deadlines=deadlines)
    if opened:
        # Whoever came back before anybody looked is followed at once.
        _settle_all(opened, today=today, now=now, deadlines=deadlines)
    return len(opened)


def _students_of(rows: ScopedQuerySet) -> set[int]:
    return set(rows.order_by().values_list("student_id", flat=True))


def _standing() -> ScopedQuerySet:
    return Outcome.objects.filter(corrected_by=None).exclude(exit_code=TAKEN_BACK)


def _merged_away() -> Exists:
    return Exists(StudentMerge.objects.filter(other_id=OuterRef("student_id"), taken_back_at=None))


def _left(today: dt.date) -> ScopedQuerySet:
    """Return standing outcomes of leaving within the year that no case is about, of students who stand for themselves.

    A case is about whatever happened until the student came back, or until it ended; one that the record ended is
    about nothing.
    """
    about = ReengagementCase.objects.filter(student_id=OuterRef("student_id")).exclude(
        ending=CaseEnding.RECORD_CORRECTED
    )
    until = Q(returned_on=None, ended_on=None) | Q(returned_on__gte=OuterRef("happened_on"))
    about = about.filter(until | Q(returned_on=None, ended_on__gte=OuterRef("happened_on")))
    left = _standing().filter(kind=Outcome.Kind.DROPPED_OUT, happened_on__gt=today - WITHIN, happened_on__lte=today)
    return left.filter(~Exists(about), ~Exists(_otherwise("student_id", "happened_on")), ~_merged_away())


def _otherwise(student: str, day: str) -> ScopedQuerySet:
    """Return what else became of a student since a day: finished, moved to another school, died."""
    kinds = [kind for kind in TERMINAL_KINDS if kind != Outcome.Kind.DROPPED_OUT]
    return _standing().filter(kind__in=kinds, student_id=OuterRef(student), happened_on__gte=OuterRef(day))


def _back(today: dt.date) -> ScopedQuerySet:
    """Return open enrolments that began since a student left."""
    return Enrolment.objects.filter(
        student_id=OuterRef("student_id"),
        exited_on=None,
        entered_on__gt=OuterRef("outcome__happened_on"),
        entered_on__lte=today,
    )


def _to_settle(today: dt.date) -> list[ScopedQuerySet]:
    """Return the cases of which the record says something new, one question for each way it can."""
    cases = ReengagementCase.objects.all()
    is_open = cases.filter(due_on__isnull=False)
    return [
        cases.filter(outcome__corrected_by__isnull=False),
        cases.exclude(outcome__student_id=F("student_id")),
        is_open.filter(Exists(_otherwise("student_id", "outcome__happened_on"))),
        is_open.filter(_merged_away()),
        is_open.filter(Exists(_back(today)), state__in=_ON_THE_WAY),
    ]


def _settle_all(students: Collection[int], *, today: dt.date, now: dt.datetime, deadlines: WayBackDeadlines) -> None:
    keys = {pk for rows in _to_settle(today) for pk in rows.filter(student__in=students).values_list("pk", flat=True)}
    held = ReengagementCase.objects.select_for_update(no_key=True, of=("self",)).select_related("outcome")
    for case in held.filter(pk__in=keys).order_by("pk"):
        case.outcome = _as_it_stands(case)
        if case.state != CaseState.ENDED:
            _settle(case, today=today, now=now, deadlines=deadlines)
        case.save()


def _settle(case: ReengagementCase, *, today: dt.date, now: dt.datetime, deadlines: WayBackDeadlines) -> None:
    otherwise, ending = _contradicted(case)
    back = None
    if otherwise:
        put_end(case, ending, on=today)
        _tell(case, CaseStep.Kind.ENDED, on=today, now=now, ending=ending, words=otherwise)
    elif case.state in _ON_THE_WAY:
        back = Enrolment.objects.filter(student=case.student_id, exited_on=None, entered_on__lte=today)
        back = back.filter(entered_on__gt=case.outcome.happened_on).order_by("entered_on").first()
    if back:
        case.state, case.path, case.returned_on = CaseState.FOLLOWING, CasePath.SCHOOL, back.entered_on
        case.due_on = way_back_deadlines.due_on(case, since=today, deadlines=deadlines)
        _tell(case, CaseStep.Kind.RETURNED, on=back.entered_on, now=now, path=CasePath.SCHOOL)
    if otherwise or back:
        case.version += 1


def _contradicted(case: ReengagementCase) -> tuple[str, str]:
    """Return in words what the record says now in place of leaving, and the ending; "" where it still says so."""
    if StudentMerge.objects.filter(other=case.student_id, taken_back_at=None).exists():
        return _("This number was merged into another student."), CaseEnding.RECORD_CORRECTED
    outcome: Outcome | None = case.outcome
    if case.outcome.exit_code == TAKEN_BACK:
        return _("The file that said so was taken back."), CaseEnding.RECORD_CORRECTED
    if case.outcome.kind == Outcome.Kind.DROPPED_OUT:
        kinds = [kind for kind in TERMINAL_KINDS if kind != Outcome.Kind.DROPPED_OUT]
        later = _standing().filter(student=case.student_id, kind__in=kinds, happened_on__gte=case.outcome.happened_on)
        outcome = later.order_by("happened_on", "pk").last()
    if outcome is None:
        return "", ""
    has_finished = case.state == CaseState.FOLLOWING and outcome.kind == Outcome.Kind.GRADUATED
    ending = CaseEnding.BACK_AND_STAYED if has_finished else CaseEnding.RECORD_CORRECTED
    return _("The record now says: %(kind)s.") % {"kind": outcome.get_kind_display()}, ending


def _as_it_stands(case: ReengagementCase) -> Outcome:
    """Return the newest correction of the outcome that a case is about, as it is said of the case's own student."""
    outcome = case.outcome
    if outcome.student_id != case.student_id:
        # After a merge, or once it is taken back.
        same = Outcome.objects.filter(student=case.student_id, kind=outcome.kind, happened_on=outcome.happened_on)
        outcome = same.order_by("pk").last() or outcome
    while (later := Outcome.objects.filter(corrects=outcome).first()) is not None:
        outcome = later
    return outcome


def _open(students: Collection[int], *, today: dt.date, now: dt.datetime, deadlines: WayBackDeadlines) -> set[int]:
    """Open a case for each of these students who left and has none, with whoever looks after them; return whom."""
    # Of several outcomes of one student the newest.
    left = {row.student_id: row for row in _left(today).filter(student__in=students).order_by("happened_on", "pk")}
    again = ReengagementCase.objects.select_for_update(no_key=True, of=("self",)).filter(due_on__isnull=False)
    for case in again.filter(student__in=left).order_by("pk"):
        put_end(case, CaseEnding.LEFT_AGAIN, on=today)
        case.version += 1
        case.save()
        _tell(case, CaseStep.Kind.ENDED, on=today, now=now, ending=CaseEnding.LEFT_AGAIN)
    looked_after = Caseload.objects.filter(student__in=left, ends_on=None).order_by("starts_on", "pk")
    owners = dict(looked_after.values_list("student_id", "counsellor_id"))
    cases = [
        ReengagementCase(
            institution_id=outcome.institution_id,
            student_id=student,
            outcome=outcome,
            opened_at=now,
            owner_id=owners.get(student),
        )
        for student, outcome in left.items()
    ]
    for case in cases:
        case.due_on = way_back_deadlines.due_on(case, since=today, deadlines=deadlines)
    ReengagementCase.objects.bulk_create(cases)
    CaseStep.objects.bulk_create(_untold(case, CaseStep.Kind.OPENED, on=today, now=now) for case in cases)
    return set(left)


def _tell(case: ReengagementCase, kind: str, *, on: dt.date, now: dt.datetime, **given: str) -> None:
    _untold(case, kind, on=on, now=now, **given).save(force_insert=True)


def _untold(case: ReengagementCase, kind: str, *, on: dt.date, now: dt.datetime, **given: str) -> CaseStep:
    """Return a step that follows from what is on record, so that no person made it."""
    institution_id, student_id = case.institution_id, case.student_id
    return CaseStep(
        institution_id=institution_id, student_id=student_id, case=case, kind=kind, done_on=on, at=now, **given
    )
