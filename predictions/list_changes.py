"""Who came to somebody's short list since they last looked, who is gone from it, and why."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import AuditEntry, Membership
from predictions import list_rows
from predictions.models import CurrentRisk, RiskScore, ScoringRun, Verdict
from students.changes.undo_sql import TAKEN_BACK
from students.help import help_kinds
from students.models import Caseload, Enrolment, Intervention, Outcome, Student


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What changed since a look at the short list.

    :param since: the moment of that look
    :param came: public ids of who is new on it
    :param why_came: in one sentence
    :param gone: who left it, each with `name`, `url` and `sentences`
    :param n_out_of_sight: how many of them this person does not see any more
    """

    since: dt.datetime
    came: frozenset[uuid.UUID]
    why_came: str
    gone: tuple[dict[str, Any], ...]
    n_out_of_sight: int


def since(
    before: AuditEntry, *, shown: Sequence[uuid.UUID], membership: Membership, run: ScoringRun, today: dt.date
) -> Changes:
    """Compare the short list that is shown with the one that somebody saw when they last looked.

    :param before: the entry of that look in the audit log; it holds whom the list named
    :param shown: public ids of the list as it is
    """
    then, now = set(before.subject_ids), set(shown)
    run_then = _run_at(before.at)
    students = list(Student.objects.filter(public_id__in=then - now).order_by("family_name", "given_name", "pk"))
    why = _Why(before=before, run_then=run_then, run=run, membership=membership, students=students, today=today)
    return Changes(
        since=before.at,
        came=frozenset(now - then),
        why_came=_why_came(run_then, run, n_came=len(now - then), n_given=_n_given(before, now - then)),
        gone=tuple(
            {
                "name": student.name,
                "public_id": student.public_id,
                "url": reverse("student_page", args=[student.public_id]),
                "sentences": why.of(student),
            }
            for student in students
        ),
        n_out_of_sight=len(then - now) - len(students),
    )


def _run_at(moment: dt.datetime) -> ScoringRun | None:
    """Return the run behind the list as it was shown at a moment."""
    published = ScoringRun.objects.filter(published_at__lte=moment).select_related("model_version")
    return (
        published.defer("model_version__booster_text", "model_version__evaluation")
        .order_by("-as_of", "-published_at")
        .first()
    )


def _is_made_alike(run_then: ScoringRun | None, run: ScoringRun) -> bool:
    return run_then is not None and (run_then.decided_by, run_then.model_version_id) == (
        run.decided_by,
        run.model_version_id,
    )


def _n_given(before: AuditEntry, came: set[uuid.UUID]) -> int:
    """Return how many of these students became this person's own since that look."""
    given = Caseload.objects.filter(
        counsellor_id=before.user_id, recorded_at__gt=before.at, student__public_id__in=came, ends_on=None
    )
    return given.count() if came else 0


def _why_came(run_then: ScoringRun | None, run: ScoringRun, *, n_came: int, n_given: int) -> str:
    if not n_came:
        return ""
    if n_given == n_came:
        return _("They are newly yours.")
    if n_given:
        words = ngettext("%(n)s of them is newly yours.", "%(n)s of them are newly yours.", n_given) % {"n": n_given}
        return f"{words} {_why_others_came(run_then, run)}"
    return _why_others_came(run_then, run)


def _why_others_came(run_then: ScoringRun | None, run: ScoringRun) -> str:
    if run_then is None:
        return _("The first list was made since.")
    if run_then.pk == run.pk:
        return _("The list is the same: you see more of it.")
    if _is_made_alike(run_then, run):
        return _("Newer records put them there. What makes the list did not change.")
    maker = list_rows.maker_label(run)
    return _("Since then %(maker)s makes the list, and newer records came.") % {"maker": maker}


class _Why:
    """Why students are not on a short list any more: what is known of all of them, read once."""

    def __init__(  # noqa: PLR0913
        self,
        *,
        before: AuditEntry,
        run_then: ScoringRun | None,
        run: ScoringRun,
        membership: Membership,
        students: Sequence[Student],
        today: dt.date,
    ) -> None:
        keys = [student.pk for student in students]
        self.run_then, self.run, self.membership, self.today = run_then, run, membership, today
        listed = CurrentRisk.objects.filter(student_id__in=keys).select_related("counsellor", "score")
        self.listed = {row.student_id: row for row in listed}
        verdicts = (
            Verdict.objects.filter(student_id__in=keys, at__gt=before.at).select_related("by").order_by("at", "pk")
        )
        self.verdicts = {verdict.student_id: verdict for verdict in verdicts}
        outcomes = Outcome.objects.filter(student_id__in=keys, corrected_by=None).exclude(exit_code=TAKEN_BACK)
        self.outcomes = {outcome.student_id: outcome for outcome in outcomes.order_by("happened_on", "pk")}
        ended = Enrolment.objects.filter(student_id__in=keys).order_by("entered_on", "pk")
        self.enrolments = {enrolment.student_id: enrolment for enrolment in ended}
        begun = Intervention.objects.filter(student_id__in=keys, started_on__gte=before.at.date())
        self.help = {given.student_id: given for given in begun.order_by("started_on", "pk")}
        self.kinds = help_kinds.by_code() if self.help else {}
        self.scores_then = _scores(run_then, keys)

    def of(self, student: Student) -> list[str]:
        """Return in sentences why one student is gone: the cause, then what else is known."""
        sentences = [self._cause(student)]
        if given := self.help.get(student.pk):
            words = {
                "kind": help_kinds.label(given.kind, kinds=self.kinds),
                "day": date_format(given.started_on, "j F"),
            }
            sentences.append(_("Help began on %(day)s: %(kind)s.") % words)
        return sentences

    def _cause(self, student: Student) -> str:
        row = self.listed.get(student.pk)
        if row is None:
            return self._left(student)
        if row.is_left_out and (row.left_out_until is None or row.left_out_until > self.today):
            return self._said(student, row)
        if row.counsellor_id != self.membership.user_id and row.counsellor:
            return _("Now %(name)s looks after this student.") % {"name": row.counsellor.display_name}
        if row.rank is None:
            return _("Too little is on record now to place this student.")
        if self.run_then is not None and self.run_then.pk == self.run.pk:
            return _("The list is the same: you see fewer of it now.")
        if not _is_made_alike(self.run_then, self.run):
            return _("Since then %(maker)s makes the list.") % {"maker": list_rows.maker_label(self.run)}
        return self._newer_records(student, row)

    def _left(self, student: Student) -> str:
        if outcome := self.outcomes.get(student.pk):
            words = {"kind": outcome.get_kind_display(), "day": date_format(outcome.happened_on, "j F")}
            return _("Recorded for %(day)s: %(kind)s.") % words
        enrolment = self.enrolments.get(student.pk)
        if enrolment and enrolment.exited_on:
            return _("Left the roll on %(day)s.") % {"day": date_format(enrolment.exited_on, "j F")}
        return _("Not on the newest list at all.")

    def _said(self, student: Student, row: CurrentRisk) -> str:
        words = {"verdict": str(Verdict.Kind(row.verdict).label)}
        verdict = self.verdicts.get(student.pk)
        if verdict is None or verdict.by is None:
            return _("Your team said: %(verdict)s.") % words
        words |= {"name": verdict.by.display_name, "day": date_format(verdict.at, "j F")}
        return _("%(name)s said on %(day)s: %(verdict)s.") % words

    def _newer_records(self, student: Student, row: CurrentRisk) -> str:
        """Say what stood out then and does not now; where the same does, others come first."""
        score = self.scores_then.get(student.pk)
        if score is None or self.run_then is None:
            return _("Others come first now.")
        then, now = list_rows.why(score, self.run_then), list_rows.why(row.score, self.run)
        past = next((sentence for sentence in then if sentence not in now), None)
        if past is None:
            return _("Others come first now.")
        words = {"then": past, "day": date_format(self.run_then.as_of, "j F")}
        return _("Newer records came. On %(day)s it was: %(then)s") % words


def _scores(run: ScoringRun | None, keys: Sequence[int]) -> dict[int, RiskScore]:
    if run is None:
        return {}
    scores: QuerySet[RiskScore] = RiskScore.objects.filter(run=run, student_id__in=keys).defer("contributions")
    return {score.student_id: score for score in scores}
