"""Score every eligible student of an institution, and publish scores, ranks and the current list in one transaction."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import numpy as np
import pandas as pd

from accounts import scope
from accounts.models import Institution
from jobs.claims import Claim, Refused
from modeling import decider, registry, rule_sets, urgency
from modeling.decider import Decision
from modeling.facts import Terms
from modeling.scoring import Scored, score, snapshot
from predictions import current_list, list_switch, runs
from predictions.models import DecidedBy, RiskScore, ScoringRun
from predictions.ranking import cuts, ranked, ranked_by_rule, rule_standing
from students import bulk_load

NO_RULE = "There is no rule that the records here could answer, and no model that may decide. Write a rule first."


def score_students(claim: Claim) -> None:
    """Do the work of a scoring run's job.

    :raises Refused: if nobody is on the roll as of the run's day, or there is neither a model nor a rule
    """
    institution = claim.job.institution
    with scope.entered(scope.of_institution(institution)):
        run = ScoringRun.objects.get(job=claim.job)
        claim.progress(0, 4, "reading the records")
        terms = rule_sets.offered()
        decided = decider.decision(has_rule=bool(terms.rules))
        if decided.by == DecidedBy.RULE and not terms.rules:
            raise Refused(NO_RULE)
        _describe(run, decided, terms)
        frame = snapshot(decided.scores, as_of=run.as_of, terms=terms)
        if frame.empty:
            raise Refused(f"No student is on the roll as of {run.as_of}. Choose a day within a school year.")
        claim.progress(1, 4, f"scoring {len(frame)} students")
        try:
            scored = score(decided.scores, frame, terms.rules)
        except registry.ModelFileChanged as refusal:
            # It changed since this process first looked; the next list is the rule's.
            raise Refused(str(refusal)) from None
        claim.progress(2, 4, "writing the list")
        with claim.publishing():
            _publish(run, scored, institution=institution, now=dt.datetime.now(dt.UTC))
            claim.progress(4, 4, "")


def _describe(run: ScoringRun, decided: Decision, terms: Terms) -> None:
    """Write down on the run who makes its list, by which rule, and until when help still fits."""
    run.model_version, run.decided_by, run.why_rule = decided.scores, decided.by, decided.why
    run.rules = terms.kept_rules()
    usual = decider.configuration().urgency.usual_help_days
    until = urgency.deadline(as_of=run.as_of, default_help_days=usual)
    if until:
        run.term_ends_on, run.act_by = until.term_ends_on, until.act_by


def _publish(run: ScoringRun, scored: Scored, *, institution: Institution, now: dt.datetime) -> None:
    capacity = institution.capacity
    bulk_load.append(RiskScore, _score_rows(run, scored, capacity=capacity))
    unknown = scored.rule_insufficient
    if run.decided_by == DecidedBy.MODEL:
        unknown = scored.insufficient
        risks = pd.Series(scored.probability[~unknown])
        run.review_first_from, run.check_in_from = cuts(risks, capacity=capacity)
    run.capacity, run.usual_values = capacity, scored.usual
    run.rule_standing = rule_standing(scored, capacity=capacity)
    run.n_scored, run.n_insufficient = len(scored.frame), int(unknown.sum())
    # Locked once the long writing is over. Whoever turns the model's switch waits for the rest, and if it was turned
    # since this run began, the list follows before anybody sees it.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    run.published_at = runs.moment_to_publish(as_of=run.as_of, now=now)
    run.save()
    if is_newest(run):
        current_list.replace(run)
        list_switch.follow(institution=institution, by=run.created_by, now=now)


def is_newest(run: ScoringRun) -> bool:
    """Tell whether no published run is of a later day; a list of the past never overwrites today's."""
    return not ScoringRun.objects.filter(published_at__isnull=False, as_of__gt=run.as_of).exclude(pk=run.pk).exists()


def _score_rows(run: ScoringRun, scored: Scored, *, capacity: int) -> pd.DataFrame:
    by_model, by_rule = ranked(scored, capacity=capacity), ranked_by_rule(scored, capacity=capacity)
    listed = by_model if run.decided_by == DecidedBy.MODEL else by_rule
    return pd.DataFrame(
        {
            "institution_id": run.institution_id,
            "run_id": run.pk,
            "student_id": scored.frame.index,
            **_model_half(scored),
            "model_rank": by_model["rank"].array,
            "unknown": [json.dumps(of_student) for of_student in scored.unknown],
            "rule_points": scored.rule_points,
            "rules_met": pd.Series(scored.rules_met, dtype=object),
            "rule_rank": by_rule["rank"].array,
            "tier": listed["tier"].to_numpy(),
            "rank": listed["rank"].array,
            "insufficient_data": listed["rank"].isna().to_numpy(),
        }
    )


def _model_half(scored: Scored) -> dict[str, Any]:
    contributions = scored.contributions
    n = len(scored.frame)
    return {
        "risk": scored.probability,
        "term_risk": scored.term_probability,
        "log_odds": scored.log_odds,
        "base_value": contributions[:, -1] if scored.has_model else np.full(n, np.nan),
        "contributions": pd.Series(contributions[:, :-1].tolist(), dtype=object),
        "reasons": [json.dumps(of_student) for of_student in scored.reasons],
    }
