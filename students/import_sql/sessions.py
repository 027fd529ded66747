"""Rows of attendance that are parts of one day: halves, periods and classes make at most the day they are parts of."""

from __future__ import annotations

from typing import LiteralString

from students.changes import staging
from students.import_sql import statements
from students.import_sql.fact_tables import staged_columns
from students.import_sql.statements import each, fetch, fragment, name, run
from students.importing.meaning import HALVES, WHOLE
from students.importing.questions import MOST_PERIODS, UNIT, Answers, Question

# A record written twice by mistake is rare; a file in which many days stand twice counts something smaller than days.
FEWEST_DAYS, SHARE_OF_DAYS = 10, 0.05
USUAL_PERIODS = 7
# Minutes that may be those of a whole school day.
LEAST_DAY, MOST_DAY = 240, 540

_LOOK: LiteralString = """
SELECT count(*) - count(DISTINCT hash_record_extended(ROW(student_id, held_on, category), 0)),
       bool_or(n_sessions < 1), {parts}
FROM staged_attendance WHERE category <> 'present'
"""
_PARTS: LiteralString = """
count(part), count(part) FILTER (WHERE lower(part) <> ALL (%(halves)s)), count(DISTINCT part),
max(CASE WHEN part ~ '^[0-9][0-9]?$' THEN part::int END)
"""
_NO_PARTS: LiteralString = "0, 0, 0, 0"
_DAYS: LiteralString = """
SELECT count(*), count(*) FILTER (WHERE n > 1), max(n), min(line) FILTER (WHERE n > 1) FROM (
    SELECT count(*) AS n, min(line) AS line FROM staged_attendance WHERE category <> 'present'
    GROUP BY student_id, held_on, category) d
"""
# The same part told twice is one part. A day is whole at one, however many parts of it were told.
_COMBINED: LiteralString = """
SELECT {kept}, least(sum(n_sessions), greatest(1, max(n_sessions))) AS n_sessions, bool_and(excused) AS excused,
       CASE WHEN bool_or(excused) AND NOT bool_and(excused)
            THEN least(sum(n_sessions) FILTER (WHERE excused), 1) END AS n_excused
FROM (
    SELECT DISTINCT ON (student_id, held_on, category, coalesce(part, line::text)) *
    FROM staged_attendance WHERE category <> 'present'
    ORDER BY student_id, held_on, category, coalesce(part, line::text), n_sessions DESC, file, line
) parts
GROUP BY student_id, held_on, category
"""


class Look:
    """What the staged rows of attendance look like, before anything is taken out."""

    def __init__(self, staged: staging.Staging) -> None:
        # Parts are sorted to be counted, so a file without any is spared that.
        parts = fragment(_PARTS if ("attendance", "part") in staged.told_columns else _NO_PARTS)
        found = fetch(_LOOK, {"halves": [*HALVES, *WHOLE]}, parts=parts)[0]
        self.n_repeated: int = found[0] or 0
        # The same is asked of every kind later; the day of ten million rows is sorted once.
        staged.n_same_key["attendance"] = self.n_repeated
        self.has_shares = bool(found[1])
        self.n_parts, self.n_other_parts, self.n_different, self.highest = (number or 0 for number in found[2:])

    def question(self, answers: Answers, *, counts_its_days: bool, most_minutes: float = 0.0) -> Question | None:
        """Return the question what a row stands for where that is open; `most_minutes` is what an absence lasted."""
        if UNIT in answers or counts_its_days:
            return None
        if most_minutes:
            n_days, n_several, *_rest = fetch(_DAYS)[0]
            is_a_day = LEAST_DAY <= most_minutes <= MOST_DAY
            proposal = {"is": "minutes", "a_day": round(most_minutes)} if is_a_day else {"is": "minutes"}
            return Question(name=UNIT, arguments={"n": n_several, "of": n_days}, proposal=proposal)
        if not (self.n_other_parts or self.n_repeated >= FEWEST_DAYS):
            return None
        n_days, n_several, most, _line = fetch(_DAYS)[0]
        if not self.n_other_parts and n_several < max(FEWEST_DAYS, SHARE_OF_DAYS * n_days):
            return None
        if not self.n_other_parts and self.n_parts:
            return None
        a_day = min(max(self.highest, most, self.n_different if self.n_different <= MOST_PERIODS else 0), MOST_PERIODS)
        return Question(
            name=UNIT,
            arguments={"n": n_several, "of": n_days},
            proposal={"is": "period", "a_day": a_day if a_day > 2 else USUAL_PERIODS},  # noqa: PLR2004
        )

    def are_parts(self, answers: Answers) -> bool:
        """Tell whether rows of one day add up rather than repeat each other."""
        unit = answers.get(UNIT, {}).get("is")
        return (
            unit in ("half_day", "period", "minutes") or self.n_parts > 0 or (self.has_shares and self.n_repeated > 0)
        )


def combine(staged: staging.Staging) -> None:
    """Make one row of the parts of each day."""
    columns = staged_columns("attendance")
    keys = ("student_id", "held_on", "category")
    made = ("n_sessions", "excused", "n_excused")
    kept = [column for column in columns if column not in (*keys, *made, "part")]
    statements.make(
        "file_combined",
        _COMBINED,
        kept=statements.joined(", ", [each("{n}", keys), each("min({n}) AS {n}", [*kept, "file", "line"])]),
    )
    before = run("DELETE FROM staged_attendance WHERE category <> 'present'")
    into = [*keys, *kept, *made, "file", "line"]
    after = run(
        "INSERT INTO staged_attendance ({columns}) SELECT {columns} FROM file_combined", columns=each("{n}", into)
    )
    run("DROP TABLE {table}", table=name("pg_temp", "file_combined"))
    staged.n_combined["attendance"] += before - after
    staged.n_same_key["attendance"] = 0
