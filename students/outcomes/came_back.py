"""Since when a student is back who left before finishing: what a page says and marks of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from students.models import Enrolment, Outcome
from students.outcomes.outcome_codes import TERMINAL_KINDS


def last_return(*, outcomes: Iterable[Outcome], enrolments: Iterable[Enrolment], today: dt.date) -> dt.date | None:
    """Return the day of the first entry after a student left before finishing, of several returns the last; else None.

    What a model looks at begins on the same day (`modeling.core.returns`), once it is known.

    :param outcomes: all that stand of the student
    :param enrolments: all that stand of the student
    """
    entries = sorted(each.entered_on for each in enrolments if each.entered_on <= today)
    ended = [(each.happened_on, each.kind) for each in outcomes if each.kind in TERMINAL_KINDS]
    found = None
    for left_on, kind in sorted(ended):
        back = next((day for day in entries if day > left_on), None)
        # Who is said since to have finished or moved did not stay away; an entry after that is no return.
        said = {other for day, other in ended if back and left_on <= day < back}
        if back and said == {Outcome.Kind.DROPPED_OUT.value} == {kind}:
            found = back
    return found
