"""Has the list follow the model's switch at once: the newest list is published anew by whoever decides now."""

from __future__ import annotations

import datetime as dt

from django.db import connection, transaction

from accounts import scope
from accounts.models import Institution, User
from modeling.promotion import decider, model_switch
from modeling.promotion.decider import ListSource
from predictions import current_list, runs
from predictions.models import DecidedBy, RiskScore, ScoringRun, Tier


@transaction.atomic
def turn_off(*, institution: Institution, reason: str, by: User | None, now: dt.datetime) -> ScoringRun | None:
    """Switch the model off; return the list that the rule makes of the same scores.

    :raises SwitchRefused: if it is off already, or no reason is given
    """
    # All of the institution: whoever turns the switch may see two schools of nine, and the list is everybody's.
    with scope.entered(scope.of_institution(institution)):
        model_switch.turn_off(institution=institution, reason=reason, by=by, now=now)
        return follow(institution=institution, by=by, now=now)


@transaction.atomic
def turn_on(*, institution: Institution, reason: str, by: User | None, now: dt.datetime) -> ScoringRun | None:
    """Switch the model on again; return its list. Where it has not scored the newest records, one is asked for.

    :raises SwitchRefused: if it is on already, or no reason is given
    """
    with scope.entered(scope.of_institution(institution)):
        model_switch.turn_on(institution=institution, reason=reason, by=by, now=now)
        return follow(institution=institution, by=by, now=now)


@transaction.atomic
def follow(*, institution: Institution, by: User | None, now: dt.datetime) -> ScoringRun | None:
    """Return the list by whoever decides now: the newest one, the same scores published anew, or one asked for.

    None before the first list. The caller holds the institution's row, so that no other list is published meanwhile.
    """
    last = runs.latest_run()
    if last is None:
        return None
    decided = decider.decision(has_rule=bool(last.rules))
    if (last.decided_by, last.why_rule) == (decided.kind, decided.reason):
        return last
    source = last.republishes or last
    if not _has_its_half(source, decided):
        return runs.request(institution=institution, as_of=None, by=by, now=now)
    return _publish_anew(source, decided, by=by, now=now)


def _has_its_half(source: ScoringRun, decided: ListSource) -> bool:
    if decided.kind == DecidedBy.RULE:
        return bool(source.rules)
    return decided.champion is not None and source.model_version_id == decided.champion.pk


def _publish_anew(source: ScoringRun, decided: ListSource, *, by: User | None, now: dt.datetime) -> ScoringRun:
    run = ScoringRun.objects.create(
        institution_id=source.institution_id,
        republishes=source,
        model_version=source.model_version if decided.scores else None,
        decided_by=decided.kind,
        why_rule=decided.reason,
        rules=source.rules,
        rule_standing=source.rule_standing,
        usual_values=source.usual_values,
        reason_book=source.reason_book if decided.scores else {},
        as_of=source.as_of,
        term_ends_on=source.term_ends_on,
        act_by=source.act_by,
        capacity=source.capacity,
        n_scored=source.n_scored,
        created_at=now,
        created_by=by,
        published_at=runs.moment_to_publish(as_of=source.as_of, now=now),
    )
    if decided.kind == DecidedBy.MODEL:
        run.review_first_from, run.check_in_from = _risks_at_the_lines(source)
    _copy_scores(source, run)
    run.n_insufficient = RiskScore.objects.filter(run=run, insufficient_data=True).count()
    run.save()
    current_list.point_at(run)
    return run


def _risks_at_the_lines(source: ScoringRun) -> tuple[float | None, float | None]:
    """Return the model's k-th and 2k-th highest risk of a run, the lowest where there are fewer."""
    ranked = RiskScore.objects.filter(run=source, model_rank__isnull=False)
    n = ranked.count()
    lines = [min(k, n) for k in (source.capacity, 2 * source.capacity)]
    risks = dict(ranked.filter(model_rank__in=lines).values_list("model_rank", "risk"))
    return risks.get(lines[0]), risks.get(lines[1])


# Where the model is switched off its half is not copied: there is then nothing that a page could show by mistake.
_COPY = """
    INSERT INTO predictions_riskscore
        (institution_id, run_id, student_id, risk, term_risk, log_odds, base_value, contributions, packed_reasons,
         model_rank, unknown, rule_points, rules_met, rule_rank, rank, tier, insufficient_data)
    SELECT institution_id, %(run)s, student_id, {model_half},
           rule_points, rules_met, rule_rank, place, {tier}, place IS NULL
    FROM (SELECT *, {place} AS place FROM predictions_riskscore WHERE run_id = %(source)s) AS score
"""
_MODEL_HALF = "risk, term_risk, log_odds, base_value, contributions, packed_reasons, model_rank, unknown"
_NO_MODEL_HALF = "NULL, NULL, NULL, NULL, '', '', NULL, '{}'"
_TIER_BY_MODEL = """
    CASE WHEN place IS NULL THEN '' WHEN risk >= %(first)s THEN %(review_first)s
         WHEN risk >= %(second)s THEN %(check_in)s ELSE %(routine)s END
"""
_TIER_BY_RULE = """
    CASE WHEN place IS NULL THEN '' WHEN rule_points > 0 AND place <= %(capacity)s THEN %(review_first)s
         WHEN rule_points > 0 AND place <= 2 * %(capacity)s THEN %(check_in)s ELSE %(routine)s END
"""


def _copy_scores(source: ScoringRun, run: ScoringRun) -> None:
    """Add the scores of a run once more, ranked by whoever decides; the server copies them, not this process."""
    by_model = run.decided_by == DecidedBy.MODEL
    statement = _COPY.format(
        model_half=_MODEL_HALF if run.model_version_id else _NO_MODEL_HALF,
        place="model_rank" if by_model else "rule_rank",
        tier=_TIER_BY_MODEL if by_model else _TIER_BY_RULE,
    )
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            {
                "run": run.pk,
                "source": source.pk,
                "first": run.review_first_from,
                "second": run.check_in_from,
                "capacity": run.capacity,
                "review_first": Tier.REVIEW_FIRST,
                "check_in": Tier.CHECK_IN,
                "routine": Tier.ROUTINE_SUPPORT,
            },
        )
