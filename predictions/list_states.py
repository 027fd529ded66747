"""Keeps what the list filters by besides the score: who gets help, what staff said of a flag, whose student it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Case, Exists, F, OuterRef, Q, Value, When

from predictions import reason_kinds
from predictions.models import CurrentRisk, HelpState, RiskScore, Verdict
from students.models import DataCase, HelpEnd, Intervention
from students.people import caseloads

# Whom nobody need talk about now. A wrong fact besides, until somebody answered.
LEAVES_OUT = {Verdict.Kind.KNOWN, Verdict.Kind.NOT_NOW, Verdict.Kind.NOT_APPLICABLE}

# Of these the reasons are looked at again with every list: what was known may not be all.
RETURNS = {Verdict.Kind.KNOWN, Verdict.Kind.NOT_NOW}


def help_changed(students: Iterable[int]) -> None:
    """Read anew, from the help on record, how the help of these students stands."""
    listed = CurrentRisk.objects.filter(student_id__in=students)
    given = Intervention.objects.filter(student_id=OuterRef("student_id"))
    is_open = ~Exists(HelpEnd.objects.filter(intervention_id=OuterRef("pk")))
    state = Case(
        When(Exists(given.filter(is_open, ended_on=None)), then=Value(HelpState.OPEN)),
        When(Exists(given), then=Value(HelpState.ENDED)),
        default=Value(HelpState.NONE),
    )
    listed.annotate(state=state).exclude(Q(state=F("help_state"))).update(help_state=state)


def caseloads_changed(students: Iterable[int], *, on: dt.date) -> None:
    """Read anew whose students these are on a day."""
    listed = list(CurrentRisk.objects.filter(student_id__in=students).only("student_id", "counsellor_id"))
    whose = caseloads.counsellors_of([row.student_id for row in listed], on=on)
    changed = [row for row in listed if row.counsellor_id != whose.get(row.student_id)]
    for row in changed:
        row.counsellor_id = whose.get(row.student_id)
    CurrentRisk.objects.bulk_update(changed, ["counsellor"], batch_size=1000)


def verdicts_changed(students: Iterable[int]) -> None:
    """Read anew what staff said of these students, and whether it keeps them off the list.

    Whom somebody knew already, or not now, is back where a reason of another kind came since.
    """
    newest = Verdict.objects.filter(student_id__in=students).order_by("student_id", "-at", "-pk").distinct("student_id")
    said = {verdict.student_id: verdict for verdict in newest.select_related("score__run", "data_case")}
    rows = list(CurrentRisk.objects.filter(student_id__in=said).select_related("score__run"))
    for row in rows:
        verdict = said[row.student_id]
        is_over = verdict.kind == Verdict.Kind.TAKEN_BACK or _is_answered(verdict.data_case)
        row.verdict = "" if is_over else verdict.kind
        row.back_for = _new_kind(verdict, row.score) if verdict.kind in RETURNS else ""
        row.is_left_out = (verdict.kind in LEAVES_OUT and not row.back_for) or _is_open(verdict.data_case)
        row.left_out_until = verdict.until_on if verdict.kind == Verdict.Kind.NOT_NOW else None
    changed = ["verdict", "back_for", "is_left_out", "left_out_until"]
    CurrentRisk.objects.bulk_update(rows, changed, batch_size=1000)


def _is_answered(case: DataCase | None) -> bool:
    """Tell whether what was said to be wrong has its answer: the flag can be judged anew."""
    return case is not None and case.state != DataCase.State.OPEN


def _is_open(case: DataCase | None) -> bool:
    return case is not None and case.state == DataCase.State.OPEN


def _new_kind(verdict: Verdict, score: RiskScore) -> str:
    """Return what the first reason is about that is shown now and was none when the verdict was given; "" if none."""
    then = verdict.score
    if then is None or then.run_id == score.run_id:
        return ""
    before = set(reason_kinds.raising(then, then.run))
    shown = reason_kinds.raising(score, score.run)[: reason_kinds.SHOWN]
    return next((kind for kind in shown if kind not in before), "")
