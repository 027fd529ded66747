import datetime as dt, random
import pytest
from students.models import Enrolment, Student
from tests.students.staged import NOW, TODAY, absent, bring, enrolled, student, typed

DAYS = [dt.date(2024, 8, 20), dt.date(2024, 9, 2), dt.date(2025, 1, 13), dt.date(2025, 3, 3), None]
EXITS = [None, None, None, dt.date(2025, 1, 13), dt.date(2025, 3, 10)]

def some(rng):
    rows = []
    for _ in range(rng.randint(1, 5)):
        e, x = rng.choice(DAYS), rng.choice(EXITS)
        if e and x and x < e: x = None
        r = enrolled(rng.choice(["s1","s2","s3"]), rng.choice("NHW"), e, exited_on=x, grade_level=rng.choice(["9","10",None]))
        if rng.random() < .3: r["known_on"] = rng.choice([dt.date(2025,2,1), dt.date(2025,3,19)])
        if r.get("known_on") and e and r["known_on"] < e: r["known_on"] = e
        rows.append(r)
    return rows

@pytest.mark.parametrize("seed", range(40, 340))
def test_any_sequence_settles(seed, riverside, northside, harbor, at_riverside):
    rng = random.Random(seed)
    now = NOW
    for step in range(4):
        rows = some(rng)
        files = [typed("students", *[student(s) for s in ("s1","s2","s3") if rng.random() < .8] or [student("s1")]), typed("enrolments", *rows)]
        complete = rng.choice([(), (), ("students","enrolments"), ("enrolments",), ("students",)])
        now += dt.timedelta(days=rng.randint(0, 2))
        a = bring(riverside, *files, complete=complete, now=now)
        b = bring(riverside, *files, complete=complete, now=now)
        assert b.difference.is_empty, (seed, step, complete, rows, a.difference.as_json()["kinds"], b.difference.as_json(), a.problems, list(Enrolment.objects.values_list("student__external_id","school__external_id","entered_on","exited_on","exit_reason").order_by("student_id","entered_on")))
        for s in Student.objects.all():
            e = sorted(Enrolment.objects.filter(student=s), key=lambda e: (e.entered_on <= TODAY, e.exited_on is None, e.entered_on))
