"""Scoring runs: ask for one, find the one behind the current list, and read a tier off its cuts."""

from __future__ import annotations

import datetime as dt

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from jobs import queue
from jobs.models import State
from modeling import registry
from modeling.models import ModelVersion
from predictions.models import ScoringRun, Tier
from students import list_day

SCORE_TASK = "predictions.score_students"


@transaction.atomic
def request(
    *, institution: Institution, as_of: dt.date | None, by: User | None, now: dt.datetime, wakes: bool = True
) -> ScoringRun:
    """Ask for a list as of a day (today, or a flat cohort's own). While the same waits or runs, that one is meant.

    :raises NoChampion: if the institution has no model yet
    """
    champion = registry.champion()
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
        idempotency_key=f"{champion.pk}:{as_of}:{now.isoformat()}",
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
    return published.defer("model_version__booster_text").order_by("-as_of", "-published_at").first()


def champions_last_run(version: ModelVersion) -> ScoringRun | None:
    """Return the newest published run of a version: its cuts make the tiers of the API."""
    return (
        ScoringRun.objects.filter(model_version=version, published_at__isnull=False).order_by("-published_at").first()
    )
