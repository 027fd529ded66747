"""What staff said of the flags of a version, or of the rule, this term: in all, by school, by the first reason told."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import scope
from modeling.models import ModelVersion
from predictions import answers, reason_kinds
from predictions.models import DecidedBy, ScoringRun, Verdict
from students.models import Term

# Without a calendar: about as long as a term.
ABOUT_A_TERM = dt.timedelta(days=120)
Counts = Counter[str]


def flag_verdicts_context(*, version: ModelVersion | None, today: dt.date) -> dict[str, Any]:
    """Return what components/model_flag_verdicts.html prints, of a version's lists or of the rule's; {} of none.

    Of each flag counts what was said of it last; what was taken back was never said.
    """
    since = _start_of_term(today)
    said = list(_newest_of_each_flag(version, since))
    if not said:
        return {}
    by_school: dict[str, Counts] = {}
    by_reason: dict[str, Counts] = {}
    labels = _reason_labels(version)
    for verdict in said:
        by_school.setdefault(verdict.student.school.name, Counter())[verdict.kind] += 1
        by_reason.setdefault(_first_reason(verdict, labels), Counter())[verdict.kind] += 1
    return {
        "sentence": _sentence(Counter(verdict.kind for verdict in said)),
        "since": since,
        "parts": [
            {"label": _("School"), "rows": _rows(by_school)},
            {"label": _("First reason told"), "rows": _rows(by_reason)},
        ],
    }


def _start_of_term(today: dt.date) -> dt.date:
    begun = Term.objects.filter(institution_id=scope.current().institution_id, starts_on__lte=today)
    newest = begun.order_by("-starts_on").first()
    return max(newest.starts_on, today - 2 * ABOUT_A_TERM) if newest else today - ABOUT_A_TERM


def _newest_of_each_flag(version: ModelVersion | None, since: dt.date) -> list[Verdict]:
    runs = (
        ScoringRun.objects.filter(decided_by=DecidedBy.RULE)
        if version is None
        else ScoringRun.objects.filter(decided_by=DecidedBy.MODEL, model_version=version)
    )
    said = Verdict.objects.filter(at__date__gte=since, score__run__in=runs).order_by("score_id", "-at", "-pk")
    newest = said.distinct("score_id").select_related("student__school", "score__run")
    return [verdict for verdict in newest if verdict.kind != Verdict.Kind.TAKEN_BACK]


def _sentence(n: Counts) -> str:
    words = {
        "n": sum(n.values()),
        "agree": n[Verdict.Kind.AGREE],
        "known": n[Verdict.Kind.KNOWN],
        "wrong": n[Verdict.Kind.WRONG_FACT],
        "other": n[Verdict.Kind.NOT_NOW] + n[Verdict.Kind.NOT_APPLICABLE],
    }
    return (
        ngettext(
            "Of %(n)s flag this term staff agreed with %(agree)s and knew %(known)s already; %(wrong)s rested on a "
            "wrong fact; of %(other)s they said “not now” or “not for this student”.",
            "Of %(n)s flags this term staff agreed with %(agree)s and knew %(known)s already; %(wrong)s rested on a "
            "wrong fact; of %(other)s they said “not now” or “not for this student”.",
            words["n"],
        )
        % words
    )


def _rows(parts: dict[str, Counts]) -> list[dict[str, Any]]:
    rows = [
        {
            "label": label,
            "n": sum(n.values()),
            "agree": n[Verdict.Kind.AGREE],
            "known": n[Verdict.Kind.KNOWN],
            "wrong_fact": n[Verdict.Kind.WRONG_FACT],
            "other": n[Verdict.Kind.NOT_NOW] + n[Verdict.Kind.NOT_APPLICABLE],
        }
        for label, n in parts.items()
    ]
    return sorted(rows, key=lambda row: (-row["n"], row["label"]))


def _reason_labels(version: ModelVersion | None) -> dict[str, str]:
    if version is None:
        return {}
    return {name: _(feature.label) for name, feature in answers.features_by_name(version).items()}


def _first_reason(verdict: Verdict, labels: dict[str, str]) -> str:
    """Return what the first reason was about that stood on the list when the verdict was given."""
    score = verdict.score
    if score is None:
        return _("No clear reason")
    first = next(iter(reason_kinds.features_raising(score, score.run)), None)
    if first is None:
        return _("No clear reason")
    if score.run.decided_by == DecidedBy.RULE:
        return next(_(str(step["words"])) for step in score.run.rules if step["feature"] == first)
    return labels.get(first, first)
