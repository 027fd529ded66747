"""What became of students, as staff say it: recorded, corrected, and asked for where it is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext as _

from accounts import audit_log, planner
from accounts.models import ApiClient, User
from accounts.scope import ScopedQuerySet
from students.changes.undo_sql import TAKEN_BACK
from students.models import Enrolment, Outcome, SchoolDay, Student
from students.outcomes import cases_opened, exit_code_map, outcome_checks
from students.outcomes.outcome_checks import SPEAKS_FOR_THE_YEAR, OnRecord
from students.outcomes.outcome_codes import ExitCodes, OutcomeKind

SOURCE = "staff"
# Why an outcome is missing: the student left, or is still enrolled though the school year is over.
Why = Literal["left", "year_ended"]


class Refused(Exception):
    """The outcome cannot be recorded so; the sentence is fit for the person who asked."""


class NotAll(Exception):
    """Some of several outcomes cannot be recorded, so none was: `refused` has a sentence each, by student's key."""

    def __init__(self, refused: dict[int, str]) -> None:
        super().__init__(f"{len(refused)} refused")
        self.refused = refused


class Overtaken(Exception):
    """Somebody else corrected the outcome meanwhile; `standing` is what they said."""

    def __init__(self, standing: Outcome) -> None:
        super().__init__("corrected meanwhile")
        self.standing = standing


@dataclass(frozen=True, kw_only=True)
class Said:
    """What somebody says became of a student; without a day it was their last day of enrolment."""

    student: Student
    exit_code: str
    happened_on: dt.date | None
    evidence: str


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

    :raises Refused: for a day ahead or before the student came, or what is on record already
    :raises Overtaken: if `corrects` was corrected meanwhile
    """
    _hold([student])
    said = Said(student=student, exit_code=exit_code, happened_on=happened_on, evidence=evidence)
    known = outcome_checks.on_record([student], now=now)[student.pk]
    kind = exit_code_map.in_scope().kind_of(exit_code)
    outcome = _outcome(said, known, kind=kind, corrects=corrects, by=by, now=now)
    if outcome.pk is None:
        action = "outcome_corrected" if corrects else "outcome_recorded"
        audit_log.record(action=action, by=by, now=now, subjects=[student.public_id])
        outcome.save(force_insert=True)
        cases_opened.open_cases(now=now, students=[student])
    return outcome


@transaction.atomic
def record_many(*, said: Sequence[Said], by: User, now: dt.datetime) -> list[Outcome]:
    """Record outcomes of which nobody has said anything yet: all of them, or none. Sent twice, they stand once.

    :raises NotAll: if any is refused, as by `record`, or contradicts what was said meanwhile
    """
    _hold([one.student for one in said])
    known = outcome_checks.on_record([one.student for one in said], now=now)
    codes = exit_code_map.in_scope()
    outcomes: list[Outcome] = []
    refused: dict[int, str] = {}
    for one in said:
        try:
            outcomes.append(_new_outcome(one, known[one.student.pk], codes, by=by, now=now))
        except Refused as refusal:
            refused.setdefault(one.student.pk, str(refusal))
    if refused:
        raise NotAll(refused)
    # Said twice of a student in the same words, it is one outcome.
    new = list({id(outcome): outcome for outcome in outcomes if outcome.pk is None}.values())
    subjects = [outcome.student.public_id for outcome in new]
    audit_log.record_each(action="outcome_recorded", by=by, now=now, subjects=subjects)
    Outcome.objects.bulk_create(new)
    cases_opened.open_cases(now=now, students=[outcome.student for outcome in new])
    return outcomes


def _hold(students: Sequence[Student]) -> None:
    """Have whoever records of the same students wait: one row of each orders them, always in the same order."""
    rows = Student.objects.select_for_update(no_key=True, of=("self",))
    list(rows.filter(pk__in=[student.pk for student in students]).order_by("pk").values_list("pk"))


def _new_outcome(one: Said, known: OnRecord, codes: ExitCodes, *, by: User, now: dt.datetime) -> Outcome:
    day = one.happened_on or known.last_on
    if day is None:
        raise Refused(_("No last day is on record. Give the day."))
    kind = codes.kind_of(one.exit_code)
    again = next((row for row in known.standing if _is_same(row, one, day, kind, by=by, corrects=None)), None)
    if again is None and (contradicted := outcome_checks.contradicted(day, known)):
        raise Refused(contradicted)
    return _outcome(one, known, kind=kind, corrects=None, by=by, now=now)


def _outcome(  # noqa: PLR0913
    one: Said, known: OnRecord, *, kind: OutcomeKind, corrects: Outcome | None, by: User | ApiClient, now: dt.datetime
) -> Outcome:
    """Return the outcome as it is to be stored, or the one that stands where the same was sent before."""
    day = one.happened_on or known.last_on or known.today
    for outcome in known.standing:
        if _is_same(outcome, one, day, kind, by=by, corrects=corrects):
            return outcome
    if wrong := outcome_checks.wrong_day(day, known):
        raise Refused(wrong)
    if corrects is not None and corrects.pk not in {outcome.pk for outcome in known.standing}:
        raise Overtaken(_newest_of(corrects))
    said = (kind, one.exit_code, day, one.evidence)
    # What the code counts as may have changed since: said again of the same day, it is the same.
    if any(
        said == _said(outcome) if corrects and outcome.pk == corrects.pk else said[1:3] == _said(outcome)[1:3]
        for outcome in known.standing
    ):
        raise Refused(_("This is on record already. Correct what stands there if something about it is wrong."))
    outcome = Outcome(
        institution_id=one.student.institution_id,
        student=one.student,
        kind=kind,
        exit_code=one.exit_code,
        happened_on=day,
        known_on=known.today,
        source=_source(by),
        evidence=one.evidence,
        corrects=corrects,
        recorded_by=by if isinstance(by, User) else None,
        recorded_at=now,
    )
    known.standing.append(outcome)
    return outcome


def _source(by: User | ApiClient) -> str:
    return SOURCE if isinstance(by, User) else by.name[:100]


def _is_same(  # noqa: PLR0913
    outcome: Outcome,
    one: Said,
    day: dt.date,
    kind: OutcomeKind,
    *,
    by: User | ApiClient,
    corrects: Outcome | None,
) -> bool:
    said = (kind, one.exit_code, day, one.evidence)
    who = (_source(by), by.pk if isinstance(by, User) else None, corrects and corrects.pk)
    # A correction may say nothing new but what the code counts as since.
    first = 0 if corrects else 1
    is_said = said[first:] == _said(outcome)[first:]
    return is_said and who == (outcome.source, outcome.recorded_by_id, outcome.corrects_id)


def told(student: Student) -> list[Outcome]:
    """Return everything that was ever said of a student's outcome, newest first; corrected ones have `corrected_by`."""
    rows = Outcome.objects.filter(student=student).exclude(exit_code=TAKEN_BACK)
    rows = rows.select_related("recorded_by", "corrected_by")
    return list(rows.order_by("-recorded_at", "-pk"))


def missing(  # noqa: PLR0913
    user: User,
    *,
    today: dt.date,
    most: int,
    after: Student | None = None,
    school_id: int | None = None,
    why: Why | None = None,
) -> list[Enrolment]:
    """Return the last enrolments of students who left, or whose school year ended, and nobody said what came.

    By name, the first so many beyond a student of those the person may see.
    """
    order = ("family", "given", "student_id")
    first = [
        _beyond(found, after, school_id)
        .annotate(family=F("student__family_name"), given=F("student__given_name"))
        .order_by(*order)
        .values_list("pk", *order)[:most]
        for name, found in _due(user, today=today).items()
        if why in (None, name)
    ]
    if not first:
        return []
    # Put together by the server: it alone knows which of two names comes first.
    found = first[0].union(*first[1:], all=True).order_by(*order)[:most] if len(first) > 1 else first[0]
    # Of a whole institution they are joined as a whole, whatever the policies let the planner expect.
    with planner.without("nestloop", "mergejoin"):
        keys = [pk for pk, *_name in found]
    by_key = Enrolment.objects.select_related("student__school", "student__institution").in_bulk(keys)
    return [by_key[pk] for pk in keys]


def _due(user: User, *, today: dt.date) -> dict[Why, ScopedQuerySet]:
    """Return the last enrolments without an outcome, by why one is due.

    One question each, and the keys first: with OR between them, the server would look for the outcomes one by one.
    """
    later = Enrolment.objects.filter(student_id=OuterRef("student_id")).filter(
        Q(entered_on__gt=OuterRef("entered_on")) | Q(entered_on=OuterRef("entered_on"), pk__gt=OuterRef("pk"))
    )
    # An upload that was taken back leaves an outcome that says nothing.
    since_entry = Outcome.objects.exclude(exit_code=TAKEN_BACK).filter(
        student_id=OuterRef("student_id"), corrected_by=None, happened_on__gte=OuterRef("entered_on")
    )
    last = Enrolment.objects.visible_to(user).filter(~Exists(later))
    due: dict[Why, ScopedQuerySet] = {"left": last.filter(~Exists(since_entry), exited_on__lte=today)}
    last_day = SchoolDay.objects.order_by("-held_on").values_list("held_on", flat=True).first()
    if last_day is not None and last_day < today:
        this_year = since_entry.filter(happened_on__gte=last_day - SPEAKS_FOR_THE_YEAR)
        due["year_ended"] = last.filter(~Exists(this_year), exited_on=None, entered_on__lte=last_day)
    return due


def _beyond(rows: ScopedQuerySet, after: Student | None, school_id: int | None) -> ScopedQuerySet:
    if school_id is not None:
        rows = rows.filter(student__school_id=school_id)
    if after is None:
        return rows
    same_name = Q(student__family_name=after.family_name)
    same_given = Q(student__given_name=after.given_name, student_id__gt=after.pk)
    return rows.filter(
        Q(student__family_name__gt=after.family_name)
        | (same_name & (Q(student__given_name__gt=after.given_name) | same_given))
    )


def _said(outcome: Outcome) -> tuple[str, str, dt.date, str]:
    return outcome.kind, outcome.exit_code, outcome.happened_on, outcome.evidence


def _newest_of(outcome: Outcome) -> Outcome:
    later = Outcome.objects.filter(corrects=outcome).select_related("recorded_by").first()
    return _newest_of(later) if later else outcome
