"""Add the outcomes of a file: rows that nobody changes, corrections of earlier ones among them."""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql.statements import run

_ADDED: LiteralString = """
INSERT INTO students_outcome (id, institution_id, student_id, kind, exit_code, happened_on, known_on, upload_id, source,
                              source_id, corrects_id, recorded_by_id, recorded_at)
SELECT c.id, %(institution)s, c.student, c.kind, c.exit_code, c.happened_on, c.known_on, %(upload)s, %(source)s,
       c.source_id, c.corrects, %(by)s, %(now)s
FROM file_changed_outcomes c
"""


def add(context: staging.Context) -> int:
    """Store new outcomes and corrections; return how many."""
    by = context.by.pk if context.by else None
    return run(_ADDED, {**context.parameters, "source": context.source[:100], "by": by, "now": context.now})
