"""Score every eligible student of an institution, and publish scores, ranks and the current list in one transaction."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pandas as pd
from django.conf import settings

from accounts import private_files, scope
from accounts.models import Institution
from accounts.scope import Scope
from jobs.claims import Claim, Refused
from modeling import registry, rule_sets, scoring, urgency
from modeling.facts import Terms
from modeling.kept_snapshot import KeptSnapshot
from modeling.promotion import decider
from modeling.promotion.decider import ListSource
from predictions import current_list, list_switch, runs, school_attendance
from predictions.models import DecidedBy, ScoringRun
from predictions.ranking import Placed, cuts, ranked, ranked_by_rule, rule_standing
from predictions.staged_scores import StagedScores

NO_RULE = "There is no rule that the records here could answer, and no model that may decide. Write a rule first."


# The records of so many students are in memory at a time, and what is said of so many; beside a few numbers of all.
STUDENTS_READ, STUDENTS_AT_ONCE = 30_000, 10_000


def score_students(claim: Claim) -> None:
    """Do the work of a scoring run's job.

    Students are scored and staged one part after the other, each in a transaction of its own; a last one publishes
    them all. Nothing of a worker that dies in between is seen or stays.

    :raises Refused: if nobody is on the roll as of the run's day, or there is neither a model nor a rule
    """
    institution = claim.job.institution
    folder = private_files.make_folder(Path(settings.FILES_DIR))
    with scope.entered(scope.of_institution(institution)):
        run = ScoringRun.objects.get(job=claim.job)
        claim.progress(0, 4, "reading the records")
        terms = rule_sets.offered()
        decided = decider.decision(has_rule=bool(terms.rules))
        if decided.kind == DecidedBy.RULE and not terms.rules:
            raise Refused(NO_RULE)
        _describe(run, decided, terms)
        kept = scoring.kept(decided.scores, as_of=run.as_of, terms=terms, n_students=STUDENTS_READ, folder=folder)
    with kept:
        if not len(kept):
            raise Refused(f"No student is on the roll as of {run.as_of}. Choose a day within a school year.")
        claim.progress(1, 4, f"scoring {len(kept)} students")
        try:
            staged, placed = _staged(run, decided, kept, terms)
        except registry.ModelFileChanged as refusal:
            # It changed since this process first looked; the next list is the rule's.
            raise Refused(str(refusal)) from None
    claim.progress(2, 4, "writing the list")
    with scope.entered(scope.of_institution(institution)), claim.commit_result():
        _publish(run, staged, placed, institution=institution, now=dt.datetime.now(dt.UTC))
        claim.progress(4, 4, "")


def _staged(run: ScoringRun, decided: ListSource, kept: KeptSnapshot, terms: Terms) -> tuple[StagedScores, Placed]:
    """Score all students of a snapshot, some at a time; only what decides their places is held of all at once."""
    version, parts = decided.scores, []
    of_institution = Scope(institution_id=run.institution_id, school_ids=None)
    with scope.entered(of_institution):
        run.usual_values = scoring.usual_of(version, kept)
        staged = StagedScores()
    for some in kept.parts(STUDENTS_AT_ONCE):
        with scope.entered(of_institution):
            scored = scoring.score(version, some, terms.rules, listed=run.usual_values)
            staged.add(scored)
        parts.append(Placed.of([scored]))
    return staged, Placed.of(parts)


def _describe(run: ScoringRun, decided: ListSource, terms: Terms) -> None:
    """Write down on the run who makes its list, by which rule, and until when help still fits."""
    run.model_version, run.decided_by, run.why_rule = decided.scores, decided.kind, decided.reason
    run.rules = terms.kept_rules()
    usual = decider.configuration().urgency.usual_help_days
    until = urgency.deadline(as_of=run.as_of, default_help_days=usual)
    if until:
        run.term_ends_on, run.act_by = until.term_ends_on, until.act_by


def _publish(
    run: ScoringRun, staged: StagedScores, placed: Placed, *, institution: Institution, now: dt.datetime
) -> None:
    capacity = institution.capacity
    staged.publish(run, _places(run, placed, capacity=capacity))
    unknown = placed.rule_insufficient
    if run.decided_by == DecidedBy.MODEL:
        unknown = placed.insufficient
        risks = pd.Series(placed.probability[~unknown])
        run.review_first_from, run.check_in_from = cuts(risks, capacity=capacity)
    run.capacity, run.reason_book = capacity, staged.book
    run.rule_standing = rule_standing(placed, capacity=capacity)
    run.n_scored, run.n_insufficient = len(placed.students), int(unknown.sum())
    # Locked once the long writing is over. Whoever turns the model's switch waits for the rest, and if it was turned
    # since this run began, the list follows before anybody sees it.
    Institution.objects.select_for_update(no_key=True).get(pk=institution.pk)
    run.published_at = runs.moment_to_publish(as_of=run.as_of, now=now)
    run.save()
    if is_newest(run):
        current_list.replace(run)
        school_attendance.add_up(run)
        list_switch.follow(institution=institution, by=run.created_by, now=now)


def is_newest(run: ScoringRun) -> bool:
    """Tell whether no published run is of a later day; a list of the past never overwrites today's."""
    return not ScoringRun.objects.filter(published_at__isnull=False, as_of__gt=run.as_of).exclude(pk=run.pk).exists()


def _places(run: ScoringRun, placed: Placed, *, capacity: int) -> pd.DataFrame:
    """Return the places of all students, by the model, by the rule, and by whichever of them makes the list."""
    by_model, by_rule = ranked(placed, capacity=capacity), ranked_by_rule(placed, capacity=capacity)
    listed = by_model if run.decided_by == DecidedBy.MODEL else by_rule
    return pd.DataFrame(
        {
            "student_id": placed.students,
            "model_rank": by_model["rank"].array,
            "rule_rank": by_rule["rank"].array,
            "rank": listed["rank"].array,
            "tier": listed["tier"].to_numpy(),
        }
    )
