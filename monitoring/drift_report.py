"""Compare the students of a scoring run with those the model learned from, once per run."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction

from accounts import scope
from accounts.models import Institution
from modeling import scoring
from monitoring.core import drift
from monitoring.models import DriftReport, FeatureDrift
from predictions.models import ScoringRun


def runs_without_report() -> list[ScoringRun]:
    """Return the published runs of the institution in scope that were not compared yet, oldest first.

    Without a model there is nothing to compare with, and what was published anew was compared the first time.
    """
    published = ScoringRun.objects.filter(
        published_at__isnull=False, drift_report=None, model_version__isnull=False, republishes=None
    )
    return list(
        published.select_related("model_version")
        .defer("model_version__booster_text", "model_version__evaluation")
        .order_by("published_at")
    )


def compare_all(*, now: dt.datetime) -> int:
    """Compare whatever is due at every institution, and return how many runs were compared."""
    n = 0
    for institution in Institution.objects.order_by("pk"):
        with scope.entered(scope.of_institution(institution)):
            due = runs_without_report()
        for run in due:
            with scope.entered(scope.of_institution(institution)):
                n += compare(run=run, now=now) is not None
    return n


def compare(*, run: ScoringRun, now: dt.datetime) -> DriftReport | None:
    """Compare one run; None if another worker did it first, or no model scored in it."""
    if run.model_version is None:
        return None
    frame = scoring.snapshot(run.model_version, as_of=run.as_of)
    rows = drift.drift_table(frame, run.model_version.specification)
    try:
        with transaction.atomic():
            report = DriftReport.objects.create(institution_id=run.institution_id, run=run, created_at=now)
    except IntegrityError:
        return None
    FeatureDrift.objects.bulk_create(
        FeatureDrift(
            institution_id=run.institution_id,
            report=report,
            feature=row["feature"],
            psi=row["psi"],
            level=row["level"],
            n_students=row["n"],
            missing_share=row["missing_share"],
            reference_missing_share=row["reference_missing_share"],
        )
        for row in rows
    )
    return report
