"""Score every eligible student of an institution, and publish scores, ranks and the current list in one transaction."""

from __future__ import annotations

import datetime as dt
import json

import numpy as np
import pandas as pd
from django.db import connection

from accounts import scope
from accounts.models import Institution
from jobs.claims import Claim, Refused
from modeling.scoring import Scored, score, snapshot
from predictions.models import CurrentRisk, RiskScore, ScoringRun, Tier
from predictions.runs import tier_of
from students import bulk_load
from students.models import Student


def score_students(claim: Claim) -> None:
    """Do the work of a scoring run's job.

    :raises Refused: if nobody is on the roll as of the run's day
    """
    institution = claim.job.institution
    with scope.entered(scope.of_institution(institution)):
        run = ScoringRun.objects.select_related("model_version").get(job=claim.job)
        claim.progress(0, 4, "reading the records")
        frame = snapshot(run.model_version, as_of=run.as_of)
        if frame.empty:
            raise Refused(f"No student is on the roll as of {run.as_of}. Choose a day within a school year.")
        claim.progress(1, 4, f"scoring {len(frame)} students")
        scored = score(run.model_version, frame)
        claim.progress(2, 4, "writing the list")
        with claim.publishing():
            _publish(run, scored, institution=institution, now=dt.datetime.now(dt.UTC))
            claim.progress(4, 4, "")


def _publish(run: ScoringRun, scored: Scored, *, institution: Institution, now: dt.datetime) -> None:
    ranking = ranked(scored, capacity=institution.capacity)
    rows = _score_rows(run, scored, ranking)
    bulk_load.append(RiskScore, rows)
    run.capacity = institution.capacity
    run.review_first_from, run.check_in_from = cuts(
        ranking["risk"][~scored.insufficient], capacity=institution.capacity
    )
    run.n_scored = len(ranking)
    run.n_insufficient = int(scored.insufficient.sum())
    run.published_at = now
    run.save()
    if is_newest(run):
        _replace_list(run)


def is_newest(run: ScoringRun) -> bool:
    """Tell whether no published run is of a later day; a list of the past never overwrites today's."""
    return not ScoringRun.objects.filter(published_at__isnull=False, as_of__gt=run.as_of).exclude(pk=run.pk).exists()


def cuts(risks: pd.Series, *, capacity: int) -> tuple[float | None, float | None]:
    """Return the k-th and the 2k-th highest risk; the lowest where there are fewer, None where there are none."""
    if risks.empty:
        return None, None
    highest = np.sort(risks.to_numpy())[::-1]
    return float(highest[min(capacity, len(highest)) - 1]), float(highest[min(2 * capacity, len(highest)) - 1])


def ranked(scored: Scored, *, capacity: int) -> pd.DataFrame:
    """Return risk, rank and tier by student; who is too little known has neither rank nor tier."""
    table = pd.DataFrame({"risk": scored.probability}, index=scored.frame.index)
    known = table[~scored.insufficient]
    # The student's number breaks ties, so that the same scores always make the same list.
    order = known.sort_index().sort_values("risk", ascending=False, kind="stable").index
    table["rank"] = pd.Series(range(1, len(order) + 1), index=order, dtype="Int64")
    first, second = cuts(known["risk"], capacity=capacity)
    tiers = known["risk"].map(lambda risk: tier_of(risk, review_first_from=first, check_in_from=second))
    table["tier"] = tiers.reindex(table.index).fillna("").astype(object)
    return table


def _score_rows(run: ScoringRun, scored: Scored, ranking: pd.DataFrame) -> pd.DataFrame:
    contributions = scored.contributions
    return pd.DataFrame(
        {
            "institution_id": run.institution_id,
            "run_id": run.pk,
            "student_id": ranking.index,
            "risk": ranking["risk"].to_numpy(),
            "log_odds": scored.log_odds,
            "base_value": contributions[:, -1],
            "contributions": pd.Series(contributions[:, :-1].tolist(), dtype=object),
            "reasons": [json.dumps(of_student) for of_student in scored.reasons],
            "tier": ranking["tier"].to_numpy(),
            "rank": ranking["rank"].array,
            "model_rank": ranking["rank"].array,
            "rules_met": [[] for _ in range(len(ranking))],
            "insufficient_data": scored.insufficient,
        }
    )


def _replace_list(run: ScoringRun) -> None:
    """Make the run's scores the current ones, and mark who came newly above the line."""
    above = CurrentRisk.objects.filter(tier=Tier.REVIEW_FIRST).values_list("student_id", flat=True)
    before = list(above) if CurrentRisk.objects.exists() else None
    CurrentRisk.objects.all().delete()
    searched = _search_names(run)
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO predictions_currentrisk
                (student_id, institution_id, run_id, score_id, school_id, grade_level, search_name,
                 risk, tier, rank, is_new)
            SELECT student.id, score.institution_id, score.run_id, score.id, student.school_id, student.grade_level,
                   searched.name, score.risk, score.tier, score.rank,
                   %(had_list)s AND score.tier = %(above)s AND NOT student.id = ANY (%(before)s)
            FROM predictions_riskscore score
            JOIN students_student student ON student.id = score.student_id
            JOIN unnest(%(students)s::bigint[], %(names)s::text[]) AS searched (student_id, name)
              ON searched.student_id = student.id
            WHERE score.run_id = %(run)s
            """,
            {
                "had_list": before is not None,
                "above": Tier.REVIEW_FIRST,
                "before": before or [],
                "students": list(searched),
                "names": list(searched.values()),
                "run": run.pk,
            },
        )


def _search_names(run: ScoringRun) -> dict[int, str]:
    """Return what each student of a run is found by, in small letters.

    Made here and not by the server: in its collation "É" may have no small letter, and who is called so would never
    be found.
    """
    students = Student.objects.filter(risk_scores__run=run)
    rows = students.values_list("pk", "family_name", "given_name", "external_id")
    return {pk: " ".join(part for part in parts if part).lower() for pk, *parts in rows}
