"""Who would come onto the list and who would leave it, were another version to decide; and letting it decide."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils.translation import gettext as _

from accounts import scope
from accounts.models import Institution, User
from jobs import queue
from jobs.claims import Claim, Refused
from jobs.models import State
from modeling import registry
from modeling.models import ModelVersion, Promotion
from modeling.promotion import promotion, promotion_gate
from predictions import runs
from predictions.models import CurrentRisk, PromotionPreview
from students.records import list_day

TASK = "predictions.preview_promotion"


class PreviewNeeded(promotion.Refused):
    """There is a list, and nobody has seen yet who would come and go."""


@transaction.atomic
def request(*, version: ModelVersion, by: User | None, now: dt.datetime, wakes: bool = True) -> PromotionPreview:
    """Ask who would come and go. While the same is being worked out, that one is meant."""
    institution, run = version.institution, runs.latest_run()
    # The institution's row is locked, so that two people who press the button together meet in one answer.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    newest = PromotionPreview.objects.select_related("job").filter(version=version, run=run).first()
    if newest and newest.job.state in (State.QUEUED, State.RUNNING):
        return newest
    job = queue.enqueue(
        institution=institution,
        task=TASK,
        idempotency_key=f"{version.pk}:{run.pk if run else ''}:{now.isoformat()}",
        by=by,
        now=now,
        wakes=wakes,
    )[0]
    return PromotionPreview.objects.create(
        institution=institution, job=job, version=version, run=run, created_at=now, created_by=by
    )


def work_out(claim: Claim) -> None:
    """Do the work of a preview's job.

    :raises Refused: if nobody is on the roll as of the list's day, or the version cannot be read
    """
    # LightGBM loads in the worker's child, never before the fork.
    from modeling import scoring
    from modeling.core.risk_model import UnreadableModel
    from predictions import ranking

    institution = claim.job.institution
    with scope.entered(scope.of_institution(institution)):
        preview = PromotionPreview.objects.select_related("version", "run").get(job=claim.job)
        run = preview.run
        as_of = run.as_of if run else list_day.default_as_of(today=institution.day_of(preview.created_at))
        try:
            frame = scoring.snapshot(preview.version, as_of=as_of)
            if frame.empty:
                raise Refused(f"No student is on the roll as of {as_of}.")
            scored = scoring.score(preview.version, frame)
        except (registry.ModelFileChanged, UnreadableModel) as refusal:
            raise Refused(str(refusal)) from None
        places = ranking.ranked(scored, capacity=institution.capacity)["rank"].dropna()
        would = [int(pk) for pk in places[places <= institution.capacity].sort_values().index]
        are = _listed_now(institution.capacity)
        with claim.commit_result():
            preview.as_of, preview.worked_out_at = as_of, dt.datetime.now(dt.UTC)
            preview.n_listed = len(would)
            staying = set(would) & set(are)
            preview.entering = [pk for pk in would if pk not in staying]
            preview.leaving = [pk for pk in are if pk not in staying]
            preview.save()


def _listed_now(capacity: int) -> list[int]:
    ranked = CurrentRisk.objects.filter(rank__isnull=False).order_by("rank")
    return list(ranked.values_list("student_id", flat=True)[:capacity])


def newest(version: ModelVersion) -> PromotionPreview | None:
    """Return the last answer, or the one being worked out, about the list as it is now; None if that was not asked."""
    asked = PromotionPreview.objects.select_related("job", "run").filter(version=version, run=runs.latest_run())
    return asked.first()


def churn_share(preview: PromotionPreview | None) -> float | None:
    """Return the share of names above the line that would change, None where it is not worked out."""
    if preview is None or preview.worked_out_at is None or not preview.n_listed or preview.run_id is None:
        return None
    return min(1.0, n_changing(preview) / preview.n_listed)


def n_changing(preview: PromotionPreview) -> int:
    """Return how many names above the line would change."""
    return max(len(preview.entering), len(preview.leaving))


@transaction.atomic
def promote_and_list(
    *, version: ModelVersion, by: User | None, now: dt.datetime, reason: str = "", instead_of: int | None = None
) -> Promotion:
    """Let a version decide through the gate, and ask for the list it makes.

    :raises PreviewNeeded: if there is a list and nobody has seen who would come and go
    :raises Refused: as `promotion.promote` says
    """
    champion = ModelVersion.objects.defer("booster_text").filter(is_champion=True).first()
    preview = newest(version)
    is_seen = preview is not None and preview.worked_out_at is not None
    if version != champion and not is_seen and runs.latest_run() is not None:
        raise PreviewNeeded(_("See first who would come onto the list and who would leave it."))
    checks = promotion_gate.gate(version, champion=champion, churn_share=churn_share(preview))
    promoted = promotion.promote(version=version, by=by, now=now, gate=checks, reason=reason, instead_of=instead_of)
    runs.request(institution=version.institution, as_of=None, by=by, now=now)
    return promoted


@transaction.atomic
def roll_back_and_list(
    *, institution: Institution, by: User | None, now: dt.datetime, instead_of: int | None = None
) -> Promotion:
    """Let the version before the champion decide again, and ask for the list it makes.

    :raises Refused: as `promotion.roll_back` says
    """
    promoted = promotion.roll_back(institution=institution, by=by, now=now, instead_of=instead_of)
    runs.request(institution=institution, as_of=None, by=by, now=now)
    return promoted
