"""What must be said about a whole file before anything of it is compared, once all of it is staged."""

from __future__ import annotations

from students.changes import staging
from students.import_sql import identities, sessions, shifted_days, two_schools
from students.importing.meaning import Meaning
from students.importing.questions import Question


def settled(staged: staging.Staging, context: staging.Context, meaning: Meaning) -> list[Question]:
    """Return the open questions of a file; where there is none, its days and their parts are as they were answered."""
    found = [
        *meaning.questions(),
        *identities.questions(staged, context, meaning.answers),
        *two_schools.questions(staged, meaning.answers),
        *shifted_days.questions(staged, context, meaning.answers),
    ]
    shifted_days.move(staged, meaning.answers)
    if "attendance" in staged.kinds:
        look = sessions.Look(staged)
        unit = look.question(
            meaning.answers, counts_its_days=meaning.counts_its_days, most_minutes=meaning.most_minutes
        )
        found += [unit] if unit else []
        if not found and look.are_parts(meaning.answers):
            sessions.combine(staged)
    return found
