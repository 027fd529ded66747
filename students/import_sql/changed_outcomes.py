"""Outcomes of a file against those stored. Outcomes are added, never changed: what differs becomes a correction."""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.statements import fetch, fragment, run

_KNOWN: LiteralString = """
SELECT o.id, o.student_id AS student, o.kind, o.exit_code, o.happened_on, o.known_on, o.source_id,
       c.id AS corrected_by, c.id IS NOT NULL AND c.upload_id IS NULL AS is_corrected_by_person
FROM students_outcome o JOIN file_people p ON p.id = o.student_id AND NOT p.is_new
LEFT JOIN students_outcome c ON c.corrects_id = o.id
WHERE o.institution_id = %(institution)s AND o.replaced_on IS NULL
"""
# A number stands for an outcome and all its corrections, of which the last counts.
_MATCH_BY_NUMBER: LiteralString = """
SELECT DISTINCT ON (t.ctid) t.ctid AS place, k.id AS was
FROM staged_outcomes t JOIN file_people p ON p.ref = t.student_id
JOIN file_known_outcomes k ON k.student = p.id AND k.source_id = t.source_id
ORDER BY t.ctid, k.id DESC
"""
# Without one, an outcome is found by its day, among those that nobody corrected.
_MATCH_BY_DAY: LiteralString = """
INSERT INTO file_matched_outcomes
SELECT DISTINCT ON (was) place, was FROM (
    SELECT DISTINCT ON (t.ctid) t.ctid AS place, t.line, k.id AS was
    FROM staged_outcomes t JOIN file_people p ON p.ref = t.student_id
    JOIN file_known_outcomes k ON k.student = p.id AND k.happened_on = t.happened_on AND k.corrected_by IS NULL
    WHERE t.corrects_id IS NULL AND {numbers}
      AND NOT EXISTS (SELECT FROM file_matched_outcomes m WHERE m.place = t.ctid)
      AND NOT EXISTS (SELECT FROM file_matched_outcomes m WHERE m.was = k.id)
    ORDER BY t.ctid, k.source_id, k.id DESC
) found ORDER BY was, line
"""
_NUMBERS: tuple[LiteralString, ...] = (
    "t.source_id IS NULL AND k.source_id = ''",
    "(t.source_id IS NULL) <> (k.source_id = '')",
)
# What was corrected since stays corrected, however often a file tells it as it was. Where a file names only the code,
# and tells it again of the same day, it keeps the kind it was recorded with, whatever the code counts as now.
_CHANGED: LiteralString = """
WITH compared AS (
    SELECT t.file, t.line, p.id AS student,
           CASE WHEN t.is_by_code AND (k.exit_code, k.happened_on) = (t.exit_code, t.happened_on) THEN k.kind
                ELSE t.kind END AS kind,
           t.is_by_code, coalesce(t.exit_code, k.exit_code, '') AS exit_code, t.happened_on,
           coalesce(t.source_id, k.source_id, '') AS source_id, t.corrects_id, t.known_on AS told_known_on, k.id AS was,
           k.kind AS was_kind, k.exit_code AS was_exit_code, k.happened_on AS was_on, k.known_on AS was_known_on,
           k.corrected_by IS NOT NULL AS is_settled, t.source_id IS NULL AS has_no_number
    FROM staged_outcomes t JOIN file_people p ON p.ref = t.student_id
    LEFT JOIN file_matched_outcomes m ON m.place = t.ctid
    LEFT JOIN file_known_outcomes k ON k.id = m.was
    WHERE p.id IS NOT NULL
)
SELECT nextval(pg_get_serial_sequence('students_outcome', 'id')) AS id, file, line, student, kind, exit_code,
       happened_on, source_id, corrects_id, was,
       CASE WHEN was IS NULL THEN greatest(told_known_on, happened_on)
            ELSE greatest(CASE WHEN told_known_on > was_known_on THEN told_known_on ELSE %(today)s END,
                          was_known_on, happened_on) END AS known_on,
       NULL::bigint AS corrects
FROM compared
WHERE (was IS NULL
   OR (NOT is_settled AND ROW(kind, exit_code, happened_on) IS DISTINCT FROM ROW(was_kind, was_exit_code, was_on)))
  AND NOT EXISTS (
    SELECT FROM file_known_outcomes o
    WHERE o.student = compared.student AND o.happened_on = compared.happened_on
      AND o.exit_code = compared.exit_code AND (compared.is_by_code OR o.kind = compared.kind)
      AND (o.is_corrected_by_person OR (was IS NULL AND has_no_number))
)
"""
# What the file itself calls a correction points at the row it names, new or stored, unless that is corrected already.
# Of two that correct each other only the later does: a circle would have no end.
_LINKED: LiteralString = """
UPDATE file_changed_outcomes t SET corrects = f.corrects
FROM (
    SELECT o.id, coalesce(o.was, min(c.id), max(k.id)) AS corrects
    FROM file_changed_outcomes o
    LEFT JOIN file_changed_outcomes c ON c.student = o.student AND c.source_id = o.corrects_id
        AND (c.corrects_id IS NULL OR (c.file, c.line) < (o.file, o.line)) AND c.id <> o.id
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


_BY_KIND: LiteralString = """
SELECT kind, exit_code, count(*) FROM file_changed_outcomes GROUP BY kind, exit_code ORDER BY kind, exit_code
"""


def by_kind() -> list[tuple[str, str, int]]:
    """Return how many outcomes are to come of each kind and exit code, once they were compared."""
    return [(kind, code, n) for kind, code, n in fetch(_BY_KIND)]


def compare(context: staging.Context) -> tuple[int, int]:
    """Make file_changed_outcomes; return how many are new and how many correct a stored one."""
    statements.make("file_known_outcomes", _KNOWN, context.parameters)
    statements.make("file_matched_outcomes", _MATCH_BY_NUMBER)
    for numbers in _NUMBERS:
        run(_MATCH_BY_DAY, numbers=fragment(numbers))
    n_rows = statements.make("file_changed_outcomes", _CHANGED, context.parameters)
    if not n_rows:
        return 0, 0
    run(_LINKED)
    run(_CHAINED)
    changed = fetch("SELECT count(*) FROM file_changed_outcomes WHERE was IS NOT NULL")[0][0]
    return n_rows - changed, changed
