"""The demo's people at work: whose students are whose, help on its way, verdicts, outcomes, a look three days ago.

Everything is said through the functions the pages use, on days counted back from today, and said once: where anybody
worked already, nothing is added. Who is chosen follows from the lists, so that one seed always tells one story.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from accounts import audit_log, scope
from accounts.models import Institution, Membership, School, User
from dropout_portal import demo_talk, demo_words
from dropout_portal.demo_words import Help, Opinion
from predictions import answered_cases, caseloads, given_help, today, verdicts
from predictions.models import CurrentRisk, RiskScore, ScoringRun, Tier, Verdict
from students.help import help_progress
from students.models import Caseload, DataCase, HelpPlan, Intervention, Outcome, Student
from students.outcomes import outcomes_recorded

# Days back from today. Whoever works in the demo was there before the first of them.
STUDENTS_GIVEN, LOOKED = 70, 3
# Students given to each, and how many of them have stood above the line all the time.
OWN, OWN_ABOVE, OF_A_LEAD = 30, 6, 4
SATURDAY = 5
# One form is sent once: its key follows from what it says.
FORMS = uuid.uuid5(uuid.NAMESPACE_DNS, "demo.example")


@dataclass(frozen=True, kw_only=True)
class Clock:
    """Moments of the demo's past: so many days back at an hour of the institution's day, never on a weekend."""

    now: dt.datetime
    zone: ZoneInfo

    @property
    def today(self) -> dt.date:
        """Return the institution's day."""
        return self.now.astimezone(self.zone).date()

    def day(self, back: int) -> dt.date:
        """Return the weekday that was so many days ago, or the last one before."""
        day = self.today - dt.timedelta(days=back)
        return day - dt.timedelta(days=max(0, day.weekday() - SATURDAY + 1))

    def at(self, back: int, hour: int) -> dt.datetime:
        """Return a moment of that day."""
        return dt.datetime.combine(self.day(back), dt.time(hour, 5), tzinfo=self.zone)


@dataclass(frozen=True, kw_only=True)
class Cast:
    """Who works in the demo."""

    counsellor: User
    other_counsellor: User
    school_lead: User
    outcome_staff: User
    institution_admin: User


@dataclass(frozen=True, kw_only=True)
class Own:
    """A counsellor's students: above the line now and on the list before, new there, gone from there, and others."""

    stayed: tuple[Student, ...]
    came: tuple[Student, ...]
    gone: tuple[Student, ...]
    others: tuple[Student, ...]

    @property
    def everybody(self) -> tuple[Student, ...]:
        """Return all of them, those above the line first."""
        return self.stayed + self.came + self.gone + self.others


def tell(*, institution: Institution, logins: dict[str, str], now: dt.datetime) -> bool:
    """Let the people of the demo have worked here for weeks; return whether anything was added.

    Nothing is where anybody worked already, before a second list is made, or where these people came too late.

    :param logins: e-mail addresses by the names of `Cast`
    """
    cast = Cast(**{name: User.objects.get(email=logins[name]) for name in Cast.__dataclass_fields__})
    clock = Clock(now=now, zone=ZoneInfo(institution.time_zone))
    with scope.entered(scope.of_institution(institution)):
        lists = list(ScoringRun.objects.filter(published_at__isnull=False).order_by("-as_of", "-published_at")[:2])
        if len(lists) < 2 or _has_been_worked_with() or _came_late(cast, institution, clock):  # noqa: PLR2004
            return False
        _date_lists_back(clock)
        _tell(cast, clock, institution=institution, before=lists[1])
    return True


def _tell(cast: Cast, clock: Clock, *, institution: Institution, before: ScoringRun) -> None:
    first, second = _schools(institution)
    own, rest = _own_students(first, before)
    hers, far = _own_students(second, before, but={student.pk for student in (*own.everybody, *rest)})
    given = {
        cast.counsellor: own.everybody,
        cast.other_counsellor: hers.everybody,
        cast.school_lead: (*rest[:OF_A_LEAD], *far[:OF_A_LEAD]),
    }
    for counsellor, students in given.items():
        at = clock.at(STUDENTS_GIVEN, 9)
        caseloads.assign(students=students, counsellor=counsellor, by=cast.school_lead, now=at)
    whose = (own.stayed + own.others, cast.counsellor), (hers.everybody, cast.other_counsellor)
    for (students, by), told in zip(whose, (demo_words.HELP, demo_words.HELP_OF_ANOTHER), strict=True):
        for student, help_ in zip(_without_help(students), told, strict=False):
            _help(student, help_, clock, by=by)
    for student, opinion in zip(own.stayed + own.others, demo_words.OPINIONS, strict=False):
        _say(student, opinion, clock, cast)
    _look(own, before, clock, by=cast.counsellor)
    _outcomes(clock, by=cast.outcome_staff)
    talked_of = (own.stayed + own.others)[:3]
    demo_talk.concerns_and_notes(talked_of, clock, counsellor=cast.counsellor, colleague=cast.outcome_staff)
    demo_talk.ways_back(first, clock, by=cast.counsellor)


def _has_been_worked_with() -> bool:
    return Caseload.objects.exists() or HelpPlan.objects.exists() or Verdict.objects.exists()


def _came_late(cast: Cast, institution: Institution, clock: Clock) -> bool:
    """Tell whether somebody was not there yet on the first day: in a demo made by an earlier version."""
    people = [getattr(cast, name) for name in Cast.__dataclass_fields__]
    first = clock.day(STUDENTS_GIVEN)
    there = Membership.objects.filter(institution=institution, user__in=people, starts_on__lte=first)
    return there.values("user").distinct().count() < len(people)


def _date_lists_back(clock: Clock) -> None:
    """Have the lists of earlier days, all made just now, count as published on the mornings they are of.

    Else whoever looked three days ago would have seen a list that nobody had made.
    """
    for run in ScoringRun.objects.filter(published_at__isnull=False, as_of__lt=clock.today):
        run.created_at = run.published_at = dt.datetime.combine(run.as_of, dt.time(6), tzinfo=clock.zone)
        run.save(update_fields=["created_at", "published_at"])


def _schools(institution: Institution) -> tuple[School, School]:
    """Return the schools of the two counsellors; a very small district has one for both."""
    schools = list(institution.schools.order_by("name")[:2])
    return schools[0], schools[-1]


def _own_students(school: School, before: ScoringRun, *, but: Iterable[int] = ()) -> tuple[Own, tuple[Student, ...]]:
    """Return who is given to the counsellor of a school, and the next students of its list."""
    listed = CurrentRisk.objects.filter(school=school, rank__isnull=False).exclude(student_id__in=list(but))
    rows = list(listed.select_related("student__institution", "student__school").order_by("rank")[: 4 * OWN])
    first = {Tier.REVIEW_FIRST}
    above_then = set(RiskScore.objects.filter(run=before, tier__in=first).values_list("student_id", flat=True))
    stayed: list[Student] = []
    came: list[Student] = []
    gone: list[Student] = []
    others: list[Student] = []
    for row in rows:
        is_above, was_above = row.tier in first, row.student_id in above_then
        kind = (stayed if was_above else came) if is_above else (gone if was_above else others)
        kind.append(row.student)
    n_above = OWN_ABOVE + len([opinion for opinion in demo_words.OPINIONS if opinion.leaves_out])
    n_others = OWN - len(stayed[:n_above]) - len(came[:2]) - len(gone[:2])
    own = Own(
        stayed=tuple(stayed[:n_above]),
        came=tuple(came[:2]),
        gone=tuple(gone[:2]),
        others=tuple(others[:n_others]),
    )
    return own, (*stayed[n_above:], *came[2:], *gone[2:], *others[n_others:])


def _without_help(students: Sequence[Student]) -> list[Student]:
    """Return those of some students who get no help now, so that nobody gets the same twice."""
    helped = Intervention.objects.filter(student__in=students, ended_on=None).values_list("student_id", flat=True)
    under_way = set(helped)
    return [student for student in students if student.pk not in under_way]


def _help(student: Student, told: Help, clock: Clock, *, by: User) -> None:
    """Record a piece of help as it went: begun, given a goal, looked at, ended."""
    began = told.days[0]
    given_help.begin(
        student=student,
        kind=told.kind,
        started_on=clock.day(began),
        goal=told.what_for,
        by=by,
        now=clock.at(began, 15),
    )
    plan = HelpPlan.objects.get(student=student, intervention__kind=told.kind, intervention__goal=told.what_for)
    if told.attendance_goal is not None:
        percent, days = told.attendance_goal
        by_day = clock.today + dt.timedelta(days=days)
        at = clock.at(began, 16)
        help_progress.set_attendance_goal(
            plan=plan, percent=percent, by_day=by_day, version=plan.version, by=by, now=at
        )
    for back, (on_track, words) in zip(told.days[1:], told.looks, strict=True):
        help_progress.check(
            plan=plan, checked_on=clock.day(back), on_track=on_track, words=words, by=by, now=clock.at(back, 14)
        )
    if told.end is not None:
        back, happened, result = told.end
        ended_on, at = clock.day(back), clock.at(back, 16)
        given_help.end(plan=plan, ended_on=ended_on, happened=happened, result=result, by=by, now=at)


def _say(student: Student, opinion: Opinion, clock: Clock, cast: Cast) -> None:
    """Give a verdict, and have what it contests answered."""
    if not opinion.kind:
        return
    verdicts.give(
        student=student,
        kind=opinion.kind,
        reason=opinion.reason,
        until_on=None if opinion.until is None else clock.day(-opinion.until),
        by=cast.counsellor,
        now=clock.at(opinion.back, 10),
        request_key=uuid.uuid5(FORMS, opinion.reason or opinion.kind),
    )
    if opinion.answer is not None:
        back, state, words = opinion.answer
        case = DataCase.objects.get(student=student, state=DataCase.State.OPEN)
        answered_cases.answer(case=case, state=state, words=words, by=cast.institution_admin, now=clock.at(back, 11))


def _look(own: Own, before: ScoringRun, clock: Clock, *, by: User) -> None:
    """Enter into the record whom the counsellor's page named on a morning, by the list that stood then."""
    at = clock.at(LOOKED, 8)
    left_out = Verdict.objects.filter(at__lt=at, kind__in=demo_words.LEFT_OUT).values_list("student_id", flat=True)
    hidden = set(left_out)
    above = RiskScore.objects.filter(run=before, tier=Tier.REVIEW_FIRST, student__in=own.everybody).order_by("rank")
    named = [score.student.public_id for score in above.select_related("student") if score.student_id not in hidden]
    audit_log.record(action=today.ACTION, by=by, now=at, subjects=named)


def _outcomes(clock: Clock, *, by: User) -> None:
    """Say what became of some who left this year, first of those of whom the records say no more; one is corrected."""
    since, until = clock.day(100), clock.day(demo_words.OUTCOMES_FROM + 1)
    kinds = (Outcome.Kind.UNKNOWN, Outcome.Kind.DROPPED_OUT)
    left = Outcome.objects.filter(
        kind__in=kinds, corrected_by=None, happened_on__range=(since, until), recorded_by=None
    ).select_related("student__institution")
    newest = left.order_by("-happened_on", "student__external_id")
    for outcome, told in zip(sorted(newest, key=lambda row: kinds.index(row.kind)), demo_words.OUTCOMES, strict=False):
        standing = outcome
        for back, exit_code, evidence in told:
            standing = outcomes_recorded.record(
                student=outcome.student,
                exit_code=exit_code,
                happened_on=outcome.happened_on,
                evidence=evidence,
                corrects=standing,
                by=by,
                now=clock.at(back, 13),
            )
