"""Days of absence that lie on weekends, or one day off the school's week: asked about, and moved as was answered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import LiteralString

from students.changes import staging
from students.import_sql import odd_days
from students.import_sql.statements import number, run
from students.importing.questions import DAY_AFTER, DAY_BEFORE, DAYS, Answers, Question

KIND = "attendance"
FRIDAY = 5
_MOVED: LiteralString = """
UPDATE staged_attendance SET held_on = held_on + {by}, known_on = greatest(known_on, held_on + {by})
"""


def questions(staged: staging.Staging, context: staging.Context, answers: Answers) -> Iterator[Question]:
    """Yield the question whether days of absence are right, where school is not held on them."""
    if KIND not in staged.kinds or DAYS in answers:
        return
    # Nearly every file is of school days, and nothing needs to be looked up.
    n_weekend = sum(day.isoweekday() > FRIDAY for day in staged.absence_days)
    if n_weekend < odd_days.SHIFTED_SHARE * len(staged.absence_days):
        return
    found = odd_days.look(KIND, context)
    if found.are_on_weekends or found.shifted_by:
        # Read in another time zone a day is the one before it or after it.
        proposal = {1: {"is": DAY_BEFORE}, -1: {"is": DAY_AFTER}}.get(found.shifted_by, {})
        yield Question(name=DAYS, arguments={"n": found.n_weekend, "of": found.n_days}, proposal=proposal)


def move(staged: staging.Staging, answers: Answers) -> None:
    """Move the days as was answered."""
    days = {DAY_BEFORE: -1, DAY_AFTER: 1}.get(answers.get(DAYS, {}).get("is", ""))
    if days and KIND in staged.kinds:
        run(_MOVED, by=number(days))
