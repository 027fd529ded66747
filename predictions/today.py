"""What a morning begins with: the names that can be seen this fortnight, what changed, what is due, what goes well."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from accounts import audit_log, scope
from accounts.models import AuditEntry, Membership
from accounts.permissions import can
from predictions import capacities, good_news, list_changes, list_pages, list_rows, risk_list, runs
from predictions.capacities import Whose
from predictions.list_changes import Changes
from predictions.models import CurrentRisk, DecidedBy, ScoringRun, Tier
from predictions.risk_list import Filters, WhoseStudents
from students.help import help_due, help_kinds
from students.help.help_kinds import KindOfHelp
from students.models import DataCase, HelpPlan, ReengagementCase, SchoolDay
from students.outcomes import way_back
from students.people import concerns

# A morning's page is short; what changed is told of as many as the record of a look holds.
NAMES_SHOWN, NAMES_COMPARED = 20, 50
DUE_SHOWN = 8
MOST_COUNTED = 100
ACTION = "today"
A_WEEK = dt.timedelta(days=7)
A_FORTNIGHT = dt.timedelta(days=14)
# A Monday on which a fortnight began; all others are counted from it.
FIRST_MONDAY = dt.date(2023, 12, 25)
FRIDAY = 4


@dataclass(frozen=True, kw_only=True)
class ShortList:
    """Who stands above a person's line, and what changed there since their last look of a day before.

    :param seen: the rows the line is drawn in: their own students', else all they may see
    :param n_names: how many stand above it
    :param shown: at most `NAMES_COMPARED` of them, the first first
    :param before: the entry of that look in the audit log
    """

    run: ScoringRun | None
    seen: QuerySet[CurrentRisk]
    is_own: bool
    n_names: int
    shown: list[dict[str, Any]]
    before: AuditEntry | None
    changes: Changes | None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What waits for one person, and what somebody answered since a moment."""

    due: list[HelpPlan]
    has_more_due: bool
    cases: list[ReengagementCase]
    concerns: concerns.ForToday
    answered: list[DataCase]


def page(*, membership: Membership, now: dt.datetime) -> dict[str, Any]:
    """Return everything the page shows to one person, and whom it names."""
    today = membership.institution.day_of(now)
    listed = short_list(membership=membership, now=now)
    waiting = waiting_for(
        membership=membership, since=listed.before.at if listed.before else now - A_FORTNIGHT, now=now
    )
    changes, shown = listed.changes, listed.shown
    came = changes.came if changes else frozenset()
    kinds, to_come = help_kinds.by_code(), school_days_to_come(today)
    news = good_news.of(listed.seen, is_own=listed.is_own, today=today, kinds=kinds)
    besides = {
        *(plan.student.public_id for plan in waiting.due),
        *(case.student.public_id for case in waiting.cases),
        *(case.student.public_id for case in waiting.answered),
        *(each.student.public_id for each in (*waiting.concerns.waiting, *waiting.concerns.answered)),
        *(each["public_id"] for each in news),
        *(each["public_id"] for each in (changes.gone if changes else ())),
    }
    return {
        "named": [row["public_id"] for row in shown],
        "named_besides": sorted(besides - {row["public_id"] for row in shown}),
        "run": list_rows.run_words(listed.run) if listed.run else None,
        "until": end_of_fortnight(today, to_come),
        "is_own": listed.is_own,
        "n_names": listed.n_names,
        "rows": [row | {"is_new": row["public_id"] in came, "rank": n} for n, row in enumerate(shown, start=1)][
            :NAMES_SHOWN
        ],
        "changes": changes,
        "due": [due_words(plan, today, kinds) for plan in waiting.due],
        "has_more_due": waiting.has_more_due,
        "answered": waiting.answered,
        "concerns": waiting.concerns,
        "cases": [{"case": case, "is_late": is_late(case, today)} for case in waiting.cases],
        "good_news": news,
        "next_school_day": _after_a_holiday(today, to_come),
        **_without_counsellor(membership),
    }


def short_list(*, membership: Membership, now: dt.datetime) -> ShortList:
    """Return who stands above a person's line now, compared with their last look of a day before."""
    today = membership.institution.day_of(now)
    run = runs.shown_run()
    _has_own, whose, seen = risk_list.students_of(membership, Filters())
    is_own = whose == WhoseStudents.MINE
    n_names, shown = _above_the_line(seen, membership, run, today=today, is_own=is_own) if run else (0, [])
    before = audit_log.last_of(membership.user, ACTION, before=membership.institution.start_of(today))
    public_ids = [row["public_id"] for row in shown]
    changes = (
        list_changes.since(before, shown=public_ids, membership=membership, run=run, today=today)
        if before and run
        else None
    )
    return ShortList(run=run, seen=seen, is_own=is_own, n_names=n_names, shown=shown, before=before, changes=changes)


def waiting_for(*, membership: Membership, since: dt.datetime, now: dt.datetime) -> Waiting:
    """Return what is due of a person's help and cases, what was raised with them, and the answers since a moment."""
    today = membership.institution.day_of(now)
    due = list(help_due.due_soon(membership.user, today=today).filter(owner=membership.user)[: DUE_SHOWN + 1])
    return Waiting(
        due=due[:DUE_SHOWN],
        has_more_due=len(due) > DUE_SHOWN,
        cases=list(way_back.due(membership.user, today)[:DUE_SHOWN]) if can(membership, "work_cases") else [],
        concerns=concerns.for_today(membership, since=since),
        answered=_answered(membership, since=since),
    )


def is_late(case: ReengagementCase, today: dt.date) -> bool:
    """Tell whether the step of a case should have been done before a day."""
    return case.due_on is not None and case.due_on < today


def school_days_to_come(today: dt.date) -> list[dt.date]:
    """Return the next school days from a day on, as many as a fortnight has days."""
    held = SchoolDay.objects.filter(held_on__gte=today).order_by("held_on")
    return list(held.values_list("held_on", flat=True)[: A_FORTNIGHT.days])


def end_of_fortnight(today: dt.date, to_come: list[dt.date]) -> dt.date:
    """Return the last school day of the fortnight that a day is in; its second Friday where no calendar says more."""
    begun = today - dt.timedelta(days=(today - FIRST_MONDAY).days % A_FORTNIGHT.days)
    held = [day for day in to_come if day < begun + A_FORTNIGHT]
    return held[-1] if held else max(begun + A_WEEK + dt.timedelta(days=FRIDAY), today)


def _above_the_line(
    seen: QuerySet[CurrentRisk], membership: Membership, run: ScoringRun, *, today: dt.date, is_own: bool
) -> tuple[int, list[dict[str, Any]]]:
    """Return how many names stand above the line, and the first fifty of them."""
    capacity = capacities.of(membership=membership)
    above = seen.exclude(risk_list.is_left_out(today))
    if capacity.whose == Whose.INSTITUTION:
        above = above.filter(tier=Tier.REVIEW_FIRST) if is_own else list_pages.above_the_line(above)
    found = list_pages.first_rows(above, min(capacity.n, NAMES_COMPARED), is_own=is_own)
    rows = list_rows.rows_of(found, run)
    if run.decided_by == DecidedBy.RULE and capacity.whose != Whose.INSTITUTION:
        rows = [row for row, listed in zip(rows, found, strict=True) if (listed.score.rule_points or 0) > 0]
    if len(rows) < NAMES_COMPARED:
        return len(rows), rows
    return above.filter(rank__isnull=False)[: capacity.n].count(), rows


def due_words(plan: HelpPlan, today: dt.date, kinds: dict[str, KindOfHelp]) -> dict[str, Any]:
    """Return what a line says of help of which something is due."""
    return {
        "student_name": plan.student.name,
        "public_id": plan.student.public_id,
        "url": reverse("help_page", args=[plan.public_id]),
        "kind_label": help_kinds.label(plan.intervention.kind, kinds=kinds),
        "due": plan.next_due,
        "is_late": plan.next_due is not None and plan.next_due < today,
        "is_end": plan.due_on is not None and plan.next_due == plan.due_on,
    }


def _answered(membership: Membership, *, since: dt.datetime) -> list[DataCase]:
    """Return what this person said is wrong on record and somebody answered since."""
    mine = DataCase.objects.filter(opened_by=membership.user).exclude(state=DataCase.State.OPEN)
    answered = mine.filter(steps__at__gt=since).select_related("student").prefetch_related("steps").distinct()
    return list(answered.order_by("-pk")[:DUE_SHOWN])


def _after_a_holiday(today: dt.date, to_come: list[dt.date]) -> dt.date | None:
    """Return the next school day where there is none for a week; None in term, and where no calendar says."""
    return to_come[0] if to_come and to_come[0] >= today + A_WEEK else None


def _without_counsellor(membership: Membership) -> dict[str, Any]:
    """Tell who gives students to counsellors how many of their schools have none; of all schools without a number."""
    if not can(membership, "assign_students"):
        return {"caseloads_url": None, "n_nobody": 0}
    n = 0
    if scope.current().school_ids is not None:
        n = CurrentRisk.objects.filter(counsellor=None)[:MOST_COUNTED].count()
    return {"caseloads_url": reverse("caseloads"), "n_nobody": n, "most_counted": MOST_COUNTED}
