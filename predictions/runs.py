"""Scoring runs: ask for one, find the one behind the current list, and read a tier off its cuts."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Max

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling.models import ModelVersion
from modeling.promotion import decider, model_switch
from predictions.models import DecidedBy, ScoringRun, Tier
from students.records import list_day

SCORE_TASK = "predictions.score_students"


@transaction.atomic
def request(
    *, institution: Institution, as_of: dt.date | None, by: User | None, now: dt.datetime, wakes: bool = True
) -> ScoringRun:
    """Ask for a list as of a day (today, or a flat cohort's own). While the same waits or runs, that one is meant.

    Who makes the list, the model or the rule, is decided anew when it is made.
    """
    champion = decider.decision().scores
    as_of = as_of or list_day.default_as_of(today=institution.day_of(now))
    # The institution's row is locked, so that two people who press the button together meet in one list.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    same = ScoringRun.objects.filter(model_version=champion, as_of=as_of)
    unfinished = same.filter(job__state__in=[State.QUEUED, State.RUNNING]).first()
    if unfinished:
        return unfinished
    job, _is_new = queue.enqueue(
        institution=institution,
        task=SCORE_TASK,
        idempotency_key=f"{champion.pk if champion else 'rule'}:{as_of}:{now.isoformat()}",
        by=by,
        now=now,
        wakes=wakes,
    )
    audit_log.record(action="scoring_asked_for", by=by, now=now)
    return ScoringRun.objects.create(
        institution=institution, job=job, as_of=as_of, created_at=now, created_by=by, model_version=champion
    )


def tier_of(risk: float, *, review_first_from: float | None, check_in_from: float | None) -> str:
    """Return the tier of a risk by a run's cuts; "" before the first run."""
    if review_first_from is None or check_in_from is None:
        return ""
    if risk >= review_first_from:
        return Tier.REVIEW_FIRST
    return Tier.CHECK_IN if risk >= check_in_from else Tier.ROUTINE_SUPPORT


def latest_run() -> ScoringRun | None:
    """Return the run behind the current list of the institution in scope."""
    published = ScoringRun.objects.filter(published_at__isnull=False).select_related("model_version")
    return (
        published.defer("model_version__booster_text", "model_version__evaluation")
        .order_by("-as_of", "-published_at")
        .first()
    )


def champions_last_run(version: ModelVersion) -> ScoringRun | None:
    """Return the newest published list that a version made: its cuts make the tiers of the API."""
    made = ScoringRun.objects.filter(model_version=version, decided_by=DecidedBy.MODEL, published_at__isnull=False)
    return made.order_by("-published_at").first()


def moment_to_publish(*, as_of: dt.date, now: dt.datetime) -> dt.datetime:
    """Return now, or a moment after the newest list of a day: the clocks of two machines never agree.

    The caller holds the institution's row, so that no other list is published meanwhile.
    """
    of_day = ScoringRun.objects.filter(as_of=as_of, published_at__isnull=False)
    newest = of_day.aggregate(newest=Max("published_at"))["newest"]
    return max(now, newest + dt.timedelta(microseconds=1)) if newest else now


def shown_run() -> ScoringRun | None:
    """Return the run behind the current list, if it may be shown."""
    run = latest_run()
    return run if run and may_be_shown(run) else None


def may_be_shown(run: ScoringRun) -> bool:
    """Tell whether a run's list may be shown: the model's never while the model is switched off.

    Asked for every page and every answer. The list itself follows the switch in the same transaction; this holds even
    where it could not, because the school has no rule.
    """
    return run.decided_by == DecidedBy.RULE or model_switch.is_on()
