"""Outcomes of a file against those stored. Outcomes are added, never changed: what differs becomes a correction."""

from __future__ import annotations

from typing import LiteralString

from students import staging
from students.staged import statements
from students.staged.statements import fetch, run

# Of each student's outcomes of one number, or of one day without a number, the one that was recorded last.
_KNOWN: LiteralString = """
SELECT o.id, o.student_id AS student, o.kind, o.exit_code, o.happened_on, o.known_on, o.source_id,
       c.id AS corrected_by
FROM students_outcome o JOIN file_people p ON p.id = o.student_id AND NOT p.is_new
LEFT JOIN students_outcome c ON c.corrects_id = o.id
WHERE o.institution_id = %(institution)s AND o.replaced_on IS NULL
"""
_CHANGED: LiteralString = """
WITH told AS (
    SELECT t.file, t.line, p.id AS student, coalesce(t.source_id, t.outcome_id, '') AS source_id, t.kind,
           t.exit_code, t.happened_on, t.known_on, t.corrects_id
    FROM staged_outcomes t JOIN file_people p ON p.ref = t.student_id WHERE p.id IS NOT NULL
), by_number AS (
    SELECT DISTINCT ON (student, source_id) * FROM file_known_outcomes WHERE source_id <> ''
    ORDER BY student, source_id, id DESC
), by_day AS (
    SELECT DISTINCT ON (student, happened_on) * FROM file_known_outcomes WHERE corrected_by IS NULL
    ORDER BY student, happened_on, id DESC
), compared AS (
    SELECT t.file, t.line, t.student, t.kind, coalesce(t.exit_code, n.exit_code, d.exit_code, '') AS exit_code,
           t.happened_on, t.source_id, t.corrects_id, t.known_on AS told_known_on, coalesce(n.id, d.id) AS was,
           coalesce(n.kind, d.kind) AS was_kind, coalesce(n.exit_code, d.exit_code) AS was_exit_code,
           coalesce(n.happened_on, d.happened_on) AS was_on, coalesce(n.known_on, d.known_on) AS was_known_on,
           n.corrected_by IS NOT NULL AS is_settled
    FROM told t
    LEFT JOIN by_number n ON t.source_id <> '' AND n.student = t.student AND n.source_id = t.source_id
    LEFT JOIN by_day d ON n.id IS NULL AND d.student = t.student AND d.happened_on = t.happened_on
        AND (t.source_id = '' OR d.source_id = '') AND t.corrects_id IS NULL
)
SELECT nextval(pg_get_serial_sequence('students_outcome', 'id')) AS id, file, line, student, kind, exit_code,
       happened_on, source_id, corrects_id, was,
       CASE WHEN was IS NULL THEN greatest(told_known_on, happened_on)
            ELSE greatest(CASE WHEN told_known_on > was_known_on THEN told_known_on ELSE %(today)s END,
                          was_known_on, happened_on) END AS known_on,
       NULL::bigint AS corrects
FROM compared
WHERE was IS NULL
   OR (NOT is_settled AND ROW(kind, exit_code, happened_on) IS DISTINCT FROM ROW(was_kind, was_exit_code, was_on))
"""
# What the file itself calls a correction points at the row it names, new or stored, unless that is corrected already.
_LINKED: LiteralString = """
UPDATE file_changed_outcomes t SET corrects = f.corrects
FROM (
    SELECT o.id, coalesce(o.was, min(c.id), max(k.id)) AS corrects
    FROM file_changed_outcomes o
    LEFT JOIN file_changed_outcomes c ON c.student = o.student AND c.source_id = o.corrects_id AND c.id <> o.id
    LEFT JOIN file_known_outcomes k
        ON k.student = o.student AND k.source_id = o.corrects_id AND k.corrected_by IS NULL
    WHERE o.was IS NOT NULL OR o.corrects_id IS NOT NULL
    GROUP BY o.id, o.was
) f
WHERE f.id = t.id AND f.corrects IS NOT NULL
"""
# Each outcome is corrected once; who comes second corrects the correction.
_CHAINED: LiteralString = """
UPDATE file_changed_outcomes t SET corrects = c.before
FROM (
    SELECT id, lag(id) OVER (PARTITION BY corrects ORDER BY file, line) AS before
    FROM file_changed_outcomes WHERE corrects IS NOT NULL
) c
WHERE c.id = t.id AND c.before IS NOT NULL
"""


def compare(context: staging.Context) -> tuple[int, int]:
    """Make file_changed_outcomes; return how many are new and how many correct a stored one."""
    statements.make("file_known_outcomes", _KNOWN, context.parameters)
    n_rows = statements.make("file_changed_outcomes", _CHANGED, context.parameters)
    if not n_rows:
        return 0, 0
    run(_LINKED)
    run(_CHAINED)
    changed = fetch("SELECT count(*) FROM file_changed_outcomes WHERE was IS NOT NULL")[0][0]
    return n_rows - changed, changed
