"""Keeps what the list filters by besides the score: who gets help, what staff said of a flag, whose student it is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When

from predictions.models import CurrentRisk, HelpState, Verdict
from students import caseloads
from students.models import DataCase, HelpEnd, Intervention

# Whom nobody need talk about now. A wrong fact besides, until somebody answered.
LEAVES_OUT = {Verdict.Kind.KNOWN, Verdict.Kind.NOT_NOW, Verdict.Kind.NOT_APPLICABLE}


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
    """Read anew what staff said of these students, and whether it keeps them off the list."""
    newest = Verdict.objects.filter(student_id=OuterRef("student_id")).order_by("-at", "-pk")
    is_open = Exists(DataCase.objects.filter(pk=OuterRef("said_case"), state=DataCase.State.OPEN))
    said = CurrentRisk.objects.filter(student_id__in=students).annotate(
        said=Subquery(newest.values("kind")[:1]), said_case=Subquery(newest.values("data_case")[:1])
    )
    # Three queries and not one: an update may not refer to what it annotates.
    kinds = dict(said.values_list("student_id", "said"))
    wrong = set(said.filter(is_open).values_list("student_id", flat=True))
    days = dict(said.values_list("student_id", Subquery(newest.values("until_on")[:1])))
    rows = list(CurrentRisk.objects.filter(student_id__in=list(kinds)))
    for row in rows:
        kind = kinds[row.student_id] or ""
        row.verdict = "" if kind == Verdict.Kind.TAKEN_BACK else kind
        row.is_left_out = kind in LEAVES_OUT or (kind == Verdict.Kind.WRONG_FACT and row.student_id in wrong)
        row.left_out_until = days[row.student_id] if kind == Verdict.Kind.NOT_NOW else None
    CurrentRisk.objects.bulk_update(rows, ["verdict", "is_left_out", "left_out_until"], batch_size=1000)
