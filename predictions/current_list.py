"""Makes the scores of a run the current list: all rows anew, or those there are pointed at other scores.

Runs in the transaction that wrote the scores, of which the server has no statistics yet. Left to itself it compares
every student with every score, 13 minutes for 100,000; so the scores lie in a temporary table with statistics.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection
from django.utils import timezone

from predictions import list_counts, list_states
from predictions.models import CurrentRisk, DecidedBy, HelpState, ScoringRun, Tier, Verdict

NAMES_AT_ONCE = 10_000
# What a student is found by.
_NAME = "concat_ws(' ', nullif(family_name, ''), nullif(given_name, ''), nullif(external_id, ''))"


def replace(run: ScoringRun) -> None:
    """Replace every row of the list, and mark who came newly above the line."""
    above = CurrentRisk.objects.filter(tier=Tier.REVIEW_FIRST).values_list("student_id", flat=True)
    before = list(above) if CurrentRisk.objects.exists() else None
    CurrentRisk.objects.all().delete()
    with _staged(run) as cursor:
        _stage_search_names(cursor)
        _stage_states(cursor, run, today=run.institution.day_of(timezone.now()))
        cursor.execute(
            f"""
            INSERT INTO predictions_currentrisk
                (student_id, institution_id, run_id, score_id, school_id, grade_level, search_name,
                 risk, tier, rank, is_new, help_state, counsellor_id)
            SELECT student.id, student.institution_id, %(run)s, score.score_id, student.school_id, student.grade_level,
                   coalesce(staged_name.name, lower({_NAME} COLLATE "C")), score.risk, score.tier, score.rank,
                   %(had_list)s AND score.tier = %(above)s AND NOT student.id = ANY (%(before)s),
                   coalesce(staged_state.help_state, %(no_help)s), staged_state.counsellor_id
            FROM staged_score score
            JOIN students_student student ON student.id = score.student_id
            LEFT JOIN staged_name ON staged_name.student_id = score.student_id
            LEFT JOIN staged_state ON staged_state.student_id = score.student_id
            ORDER BY score.rank
            """,  # noqa: S608
            {
                "had_list": before is not None,
                "above": Tier.REVIEW_FIRST,
                "before": before or [],
                "run": run.pk,
                "no_help": HelpState.NONE,
            },
        )
        cursor.execute("DROP TABLE staged_name, staged_state")
    # Their keys, not a query of them: the server would look for what was said of everybody first.
    list_states.verdicts_changed(list(Verdict.objects.order_by().values_list("student_id", flat=True).distinct()))
    list_counts.count_anew()


def point_at(run: ScoringRun) -> None:
    """Point the list at other scores of the same students; whoever was not above the line before is new there."""
    with _staged(run) as cursor:
        cursor.execute(
            """
            UPDATE predictions_currentrisk listed
            SET run_id = %(run)s, score_id = score.score_id, risk = score.risk, tier = score.tier, rank = score.rank,
                is_new = score.tier = %(above)s AND listed.tier <> %(above)s
            FROM staged_score score
            WHERE score.student_id = listed.student_id
            """,
            {"run": run.pk, "above": Tier.REVIEW_FIRST},
        )
    list_counts.count_anew()


@contextlib.contextmanager
def _staged(run: ScoringRun) -> Iterator[Any]:
    """Hold a run's scores in staged_score; of the risks only what the list may show."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE TEMP TABLE staged_score AS
            SELECT student_id, id AS score_id, CASE WHEN %(shows_risk)s THEN risk END AS risk, tier, rank
            FROM predictions_riskscore WHERE run_id = %(run)s
            """,
            {"shows_risk": run.decided_by == DecidedBy.MODEL, "run": run.pk},
        )
        # How many there are is all that the planner has to know of them.
        cursor.execute("SET LOCAL default_statistics_target = 1")
        cursor.execute("ANALYZE staged_score")
        cursor.execute("SET LOCAL default_statistics_target TO DEFAULT")
        yield cursor
        cursor.execute("DROP TABLE staged_score")


def _stage_states(cursor: Any, run: ScoringRun, *, today: dt.date) -> None:
    """Hold in staged_state who gets or got help, and whose student somebody is: what list_states keeps current."""
    given = {
        "institution": run.institution_id,
        "today": today,
        "open": HelpState.OPEN,
        "ended": HelpState.ENDED,
    }
    cursor.execute(
        "CREATE TEMP TABLE staged_state (student_id bigint PRIMARY KEY, help_state text, counsellor_id bigint)"
    )
    cursor.execute(
        """
        INSERT INTO staged_state (student_id, help_state)
        SELECT given.student_id,
               CASE WHEN bool_or(given.ended_on IS NULL AND told.id IS NULL) THEN %(open)s ELSE %(ended)s END
        FROM students_intervention given LEFT JOIN students_helpend told ON told.intervention_id = given.id
        WHERE given.institution_id = %(institution)s
        GROUP BY given.student_id
        """,
        given,
    )
    cursor.execute(
        """
        INSERT INTO staged_state (student_id, counsellor_id)
        SELECT DISTINCT ON (student_id) student_id, counsellor_id
        FROM students_caseload
        WHERE institution_id = %(institution)s AND starts_on <= %(today)s AND (ends_on IS NULL OR ends_on > %(today)s)
        ORDER BY student_id, starts_on DESC, id DESC
        ON CONFLICT (student_id) DO UPDATE SET counsellor_id = excluded.counsellor_id
        """,
        given,
    )


def _stage_search_names(cursor: Any) -> None:
    """Hold in staged_name what students are found by whose name has more than the letters of ASCII, in small letters.

    Made small here and not by the server: in its collation "É" may have no small letter, and who is called so would
    never be found. Many lines at once, as COPY reads them; the last one in quotes may hold whatever a name does.
    """
    cursor.execute("CREATE TEMP TABLE staged_name (student_id bigint PRIMARY KEY, name text NOT NULL)")
    last = 0
    while True:
        cursor.execute(
            f"""
            SELECT string_agg(concat(id, ',"', replace(name, '"', '""'), '"'), E'\n'), max(id)
            FROM (
                SELECT id, {_NAME} AS name
                FROM staged_score JOIN students_student student ON student.id = staged_score.student_id
                WHERE student.id > %s AND octet_length({_NAME}) > char_length({_NAME})
                ORDER BY id LIMIT %s
            ) AS named
            """,  # noqa: S608
            [last, NAMES_AT_ONCE],
        )
        lines, last = cursor.fetchone()
        if lines is None:
            return
        with cursor.copy("COPY staged_name (student_id, name) FROM STDIN (FORMAT csv)") as copy:
            copy.write(lines.lower().encode())
