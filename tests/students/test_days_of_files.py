"""Days of a file that cannot be right are left out by name, and never change how the other days are read."""

import datetime as dt

import pytest

from students.models import AttendanceRecord, Enrolment
from tests.students.import_by_command import bring_in
from tests.students.staged import absent, bring, enrolled, student, typed

MONDAY = dt.date(2025, 3, 3)
DAYS = [MONDAY - dt.timedelta(days=n) for n in range(24)]
# Three years and a day before the first of them, and three years to the day.
TOO_FAR, FAR = dt.date(2022, 2, 7), dt.date(2022, 2, 8)


@pytest.fixture
def known(riverside, northside, harbor, at_riverside):
    """Two students of Northside, of whom the first has a date of birth."""
    first = typed("students", student("s1", birth_on=dt.date(2009, 5, 1)), student("s2"))
    bring(riverside, first, typed("enrolments", *[enrolled(one, "N", dt.date(2018, 9, 3)) for one in ("s1", "s2")]))


@pytest.mark.parametrize("kind", ["attendance", "grades", "discipline"])
@pytest.mark.parametrize(("day", "n"), [(TOO_FAR, 1), (FAR, 0)])
def test_a_day_years_from_all_others_is_refused(known, riverside, kind, day, n):
    brought = bring(riverside, typed(kind, *[told(kind, one) for one in [*DAYS, day]]))

    assert brought.problems == [(f"{kind}.csv", 26, "far_from_others")] * n
    assert brought[kind] == {"new": 25 - n} | ({"bad": n} if n else {})


def test_a_day_years_from_all_others_is_told_with_theirs(known, riverside):
    [fault] = bring(riverside, typed("attendance", *[told("attendance", one) for one in [*DAYS, TOO_FAR]])).faults

    assert fault["sentence"] == (
        'Line 26, column "held_on": 2022-02-07 lies years away from nearly all others, 2025-02-08 to 2025-03-02. '
        "Check the year."
    )


@pytest.mark.parametrize(("severity", "warned"), [("warn", {"far_from_others": 1}), ("off", {})])
def test_an_institution_may_keep_days_from_years_ago(known, riverside, severity, warned):
    rows = [told("attendance", one) for one in [*DAYS, TOO_FAR]]

    brought = bring(riverside, typed("attendance", *rows), rules={"far_from_others": severity})

    assert (brought.faults, brought.warnings) == ([], warned)
    assert AttendanceRecord.objects.count() == 25


@pytest.mark.parametrize(("n_odd", "n_refused"), [(3, 3), (4, 0)])
def test_one_row_in_a_hundred_at_either_end_may_be_odd(known, riverside, n_odd, n_refused):
    days = [MONDAY - dt.timedelta(days=n) for n in range(300 - n_odd)]
    later = [dt.date(2028, 3, 6) + dt.timedelta(days=n) for n in range(n_odd)]

    brought = bring(riverside, typed("attendance", *[told("attendance", one) for one in [*days, *later]]))

    assert [problem for _file, _line, problem in brought.problems] == ["far_from_others"] * n_refused


def test_of_a_few_rows_none_is_far(known, riverside):
    brought = bring(riverside, typed("attendance", *[told("attendance", one) for one in [*DAYS[:18], TOO_FAR]]))

    assert brought.problems == []


def test_a_file_of_many_years_is_far_from_nothing(known, riverside):
    days = [dt.date(2019, 1, 7) + dt.timedelta(days=60 * n) for n in range(36)]

    brought = bring(riverside, typed("attendance", *[told("attendance", one) for one in days]))

    assert (brought.problems, brought.warnings) == ([], {})


@pytest.mark.parametrize(
    ("kind", "column"),
    [("attendance", "held_on"), ("grades", "awarded_on"), ("discipline", "happened_on"), ("outcomes", "happened_on")]
    + [("interventions", "started_on")],
)
def test_a_record_before_the_birth_on_record_is_refused(known, riverside, kind, column):
    born, before = dt.date(2009, 5, 1), dt.date(2009, 4, 30)
    rows = [told(kind, day) | {"student_id": one} for one, day in (("s1", before), ("s1", born), ("s2", before))]

    brought = bring(riverside, typed(kind, *rows))

    assert brought.problems == [(f"{kind}.csv", 2, "before_birth")]
    assert brought.faults[0]["sentence"] == (
        f'Line 2, column "{column}": 2009-04-30 is before the student was born, on 2009-05-01. Correct one of them.'
    )


def test_the_birth_that_the_file_tells_counts_and_not_the_one_on_record(known, riverside):
    birth = typed("students", student("s1", birth_on=dt.date(2010, 5, 1)))
    fact = typed("attendance", absent("s1", dt.date(2009, 12, 1)))

    brought = bring(riverside, birth, fact)

    assert brought.problems == [("attendance.csv", 2, "before_birth")]


def test_a_first_day_before_the_birth_on_record_takes_only_that_enrolment_out(known, riverside):
    brought = bring(riverside, typed("enrolments", enrolled("s1", "H", dt.date(2009, 1, 5))))

    assert brought.problems == [("enrolments.csv", 2, "before_birth")]
    assert Enrolment.objects.filter(student__external_id="s1").count() == 1


def test_a_line_with_both_days_is_judged_where_it_is_read_and_not_again(known, riverside):
    birth = typed("students", student("s3", birth_on=dt.date(2025, 5, 1)), file="roster.csv")
    entry = typed("enrolments", enrolled("s3", "N", dt.date(2024, 9, 2)), file="roster.csv")

    assert bring(riverside, birth, entry, rules={"before_birth": "warn"}).warnings == {}


@pytest.mark.parametrize(("severity", "warned"), [("warn", {"before_birth": 1}), ("off", {})])
def test_an_institution_may_keep_records_before_birth(known, riverside, severity, warned):
    fact = typed("attendance", absent("s1", dt.date(2009, 4, 30)))

    brought = bring(riverside, fact, rules={"before_birth": severity, "before_enrolment": "off"})

    assert (brought.faults, brought.warnings) == ([], warned)


def test_a_roster_with_a_birth_after_the_first_day_leaves_that_line_out(riverside, northside, at_riverside, tmp_path):
    path = tmp_path / "students.csv"
    header = "student_id,given_name,family_name,birth_on,school_id,grade_level,entered_on,exited_on"
    lines = [f"s{n},Ana,Silva,2010-03-{n:02},N,9,2024-09-02,9999-12-31" for n in range(1, 6)]
    lines[2] = "s3,Ben,Okafor,2024-11-30,N,9,2024-09-02,31/12/99"
    path.write_text("\n".join([header, *lines]) + "\n")

    upload = bring_in(riverside, path, "--leave-out-bad-rows")

    assert [(fault["line"], fault["column"], fault["problem"]) for fault in upload.errors] == [
        (4, "entered_on", "before_birth")
    ]
    assert upload.summary["notes"] == [
        'Days in "exited_on" of students.csv that stand for "no end", like 9999-12-31, were read as no day at all.'
    ]


def told(kind, day):
    """Return a row of a kind on a day, of the first student."""
    rows = {
        "attendance": {"held_on": day, "category": "absent"},
        "grades": {"awarded_on": day, "course": "Maths", "term": "1", "value": 80.0},
        "discipline": {"happened_on": day, "code": "fight"},
        "outcomes": {"happened_on": day, "kind": "graduated"},
        "interventions": {"started_on": day, "kind": "tutoring", "goal": "reads", "owner": "Amara"},
    }
    return {"student_id": "s1", **rows[kind]}
