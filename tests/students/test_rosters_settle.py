"""Whatever rosters come: the same one again changes nothing, and nobody is at two schools at once."""

import datetime as dt
import random

import pytest
from django.db.models import Count

from students.models import Enrolment
from tests.students.staged import NOW, bring, enrolled, student, typed

ENTRIES = (dt.date(2024, 8, 20), dt.date(2024, 9, 2), dt.date(2025, 1, 13), dt.date(2025, 3, 3), None)
EXITS = (None, None, None, dt.date(2025, 1, 13), dt.date(2025, 3, 10))
KNOWN = (dt.date(2025, 2, 1), dt.date(2025, 3, 19))
COMPLETE = ((), (), ("students", "enrolments"), ("enrolments",), ("students",))
STUDENTS = ("s1", "s2", "s3")


def enrolment(rng):
    """Return a row as dirty files have them: days left open, ends in the past, a school nobody knows."""
    entered, exited = rng.choice(ENTRIES), rng.choice(EXITS)
    if entered and exited and exited < entered:
        exited = None
    row = enrolled(rng.choice(STUDENTS), rng.choice("NHW"), entered, exited_on=exited)
    if rng.random() < 0.3:
        row["known_on"] = max(rng.choice(KNOWN), entered or KNOWN[0])
    return row | {"grade_level": rng.choice(["9", "10", None])}


# Each of these once found a way to change something twice, or to break a constraint.
@pytest.mark.parametrize("seed", [2, 7, 63, 83, 141, 181, 192, 330])
def test_any_sequence_of_rosters_settles(seed, riverside, northside, harbor, at_riverside):
    rng, now = random.Random(seed), NOW
    for _step in range(4):
        rows = [enrolment(rng) for _ in range(rng.randint(1, 5))]
        named = [student(one) for one in STUDENTS if rng.random() < 0.8] or [student("s1")]
        file, complete = (typed("students", *named), typed("enrolments", *rows)), rng.choice(COMPLETE)
        now += dt.timedelta(days=rng.randint(0, 2))

        bring(riverside, *file, complete=complete, now=now)
        again = bring(riverside, *file, complete=complete, now=now)

        assert again.difference.is_empty
        open_now = Enrolment.objects.filter(exited_on=None).values("student").annotate(n=Count("pk"))
        assert {row["n"] for row in open_now} <= {1}
