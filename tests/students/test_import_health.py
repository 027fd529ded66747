"""How the records arrive: what is late, empty, small or left out, and what holidays excuse."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts import scope
from accounts.models import School
from students.models import AttendanceRecord, Enrolment, Term, Upload
from students.uploads import import_health
from tests import rows
from tests.students import records_history as history

# A Friday; the calendar begins on a Monday.
TODAY = dt.date(2026, 3, 27)
BEGAN = dt.date(2026, 2, 2)
DAYS = history.weekdays(BEGAN, TODAY)

pytestmark = pytest.mark.usefixtures("at_riverside")


@pytest.fixture
def absent(riverside, northside):
    """Hold school, and let ten students be absent on the days given."""
    history.calendar(riverside, DAYS)
    ten = history.students(northside, 10)

    def on_days(days):
        history.absences(ten, days)

    return on_days


def warned(**given):
    return {warning.kind: warning for warning in import_health.warnings(**({"today": TODAY} | given))}


def test_three_school_days_without_attendance_are_nothing_to_warn_of(absent):
    absent(DAYS[:-3])

    assert warned() == {}


def test_attendance_older_than_three_school_days_is_told_with_its_age(absent):
    absent(DAYS[:-5])

    (warning,) = warned().values()

    assert warning.sentence == "Attendance is 7 days old."
    assert warning.since == dt.date(2026, 3, 20)
    assert warning.advice.startswith("The newest is of 20 March 2026.")


def test_days_without_school_do_not_make_attendance_old(riverside, northside):
    history.calendar(riverside, [day for day in DAYS if day <= dt.date(2026, 3, 13)])
    history.absences(history.students(northside, 1), [dt.date(2026, 3, 13)])

    assert warned() == {}


def test_a_calendar_that_ended_long_ago_is_told_in_place_of_the_ages(riverside, northside):
    history.calendar(riverside, [day for day in DAYS if day <= dt.date(2026, 2, 27)])
    rows.sound(Term, institution=riverside, starts_on=BEGAN, ends_on=dt.date(2026, 6, 12))

    assert [warning.sentence for warning in warned().values()] == [
        "The newest school day on record is 27 February 2026."
    ]


def test_a_summer_is_no_calendar_that_ended(riverside):
    history.calendar(riverside, DAYS)

    assert warned(today=TODAY + dt.timedelta(days=90)) == {}


def test_what_was_replaced_by_nothing_counts_no_more(absent, riverside):
    absent(DAYS)
    taking = history.merged(riverside, TODAY)
    newest = AttendanceRecord.objects.filter(held_on__gt=dt.date(2026, 3, 18))
    newest.update(replaced_on=TODAY, replaced_by=taking)

    assert warned()["attendance"].since == dt.date(2026, 3, 18)


def test_one_school_that_sent_nothing_is_named(absent, harbor):
    absent(DAYS)
    history.absences(history.students(harbor, 50), DAYS[:-5])

    assert [warning.sentence for warning in warned().values()] == ["Attendance of Harbor is 7 days old."]
    assert "attendance" in warned(school_id=harbor.pk)


def test_a_school_is_not_warned_of_another_ones_attendance(absent, northside, harbor):
    absent(DAYS)
    history.absences(history.students(harbor, 50), DAYS[:-5])

    assert warned(school_id=northside.pk) == {}


def test_whoever_sees_one_school_is_told_of_that_school(absent, riverside, northside, harbor):
    absent(DAYS)
    history.absences(history.students(harbor, 3), DAYS[:-5])

    told = {}
    for school in (northside, harbor):
        with scope.entered(scope.Scope(institution_id=riverside.pk, school_ids=(school.pk,))):
            told[school.name] = [warning.sentence for warning in warned().values()]

    assert told == {"Northside": [], "Harbor": ["Attendance is 7 days old."]}


def test_grades_of_a_term_are_missed_two_weeks_after_its_end(absent, riverside, northside):
    absent(DAYS)
    for name, starts_on, ends_on in (("1", dt.date(2025, 8, 25), dt.date(2026, 1, 16)), ("2", BEGAN, DAYS[-11])):
        rows.sound(Term, institution=riverside, school_year=2026, term=name, starts_on=starts_on, ends_on=ends_on)
    nora = history.students(northside, 1)[0]

    without_any = warned()
    history.grade(nora, dt.date(2026, 1, 16))
    with_old_ones = warned()
    history.grade(nora, dt.date(2026, 3, 12))

    assert without_any == {}
    assert with_old_ones["grades"].sentence == "The last term ended 14 days ago, and its grades are not here."
    assert warned() == {}


def test_a_file_forty_percent_smaller_than_the_one_before_is_told(riverside):
    sis = history.source(riverside, name="SIS")
    history.merged(riverside, TODAY - dt.timedelta(days=7), source=sis, rows={"attendance": 100, "grades": 50})
    history.merged(riverside, TODAY, source=sis, rows={"attendance": 60, "grades": 49})

    (warning,) = warned().values()

    assert (warning.kind, warning.since) == ("smaller", TODAY)
    assert warning.sentence == "The last attendance file had 40% fewer rows than the one before."


@pytest.mark.parametrize(
    ("before", "last"), [([100], 61), ([9], 1), ([1000, 100, 100, 100], 100)], ids=["little", "tiny", "one big"]
)
def test_chance_and_one_big_file_are_nothing_to_warn_of(riverside, before, last):
    sis = history.source(riverside)
    for back, n in enumerate(before, start=1):
        history.merged(riverside, TODAY - dt.timedelta(days=back), source=sis, rows={"attendance": n})
    history.merged(riverside, TODAY, source=sis, rows={"attendance": last})

    assert warned() == {}


def test_files_of_different_sources_are_not_compared(riverside):
    history.merged(riverside, TODAY - dt.timedelta(days=1), source=history.source(riverside))
    history.merged(riverside, TODAY, source=history.source(riverside), rows={"attendance": 10})

    assert warned() == {}


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        ({"attendance": 0}, "The last attendance file was empty."),
        ({"attendance": 0, "grades": 9}, "The last attendance file was empty."),
        ({}, "The last attendance file was empty."),
    ],
    ids=["file", "part", "nothing"],
)
def test_an_empty_file_is_told(riverside, counts, sentence):
    sis = history.source(riverside, name="SIS")
    history.merged(riverside, TODAY - dt.timedelta(days=1), source=sis)
    history.merged(riverside, TODAY, source=sis, rows=counts)

    assert [warning.sentence for warning in warned().values()] == [sentence]


def test_an_empty_file_whose_source_never_sent_anything_is_told_by_its_name(riverside):
    history.merged(riverside, TODAY, source=history.source(riverside, name="SIS"), rows={})

    assert [warning.sentence for warning in warned().values()] == ["The last file from “SIS” was empty."]


def test_files_that_were_not_brought_in_or_were_taken_back_do_not_count(riverside):
    sis = history.source(riverside)
    history.merged(riverside, TODAY - dt.timedelta(days=1), source=sis)
    history.merged(riverside, TODAY, source=sis, rows={"attendance": 1}, stage="review", merged_at=None)
    history.merged(riverside, TODAY, source=sis, rows={"attendance": 1}, stage="undone", undone_at=rows.timezone.now())

    assert warned() == {}


def test_a_source_is_late_from_the_day_after_its_file_was_expected(riverside):
    sis = history.source(riverside, name="SIS", expected_every_days=7)
    history.merged(riverside, dt.date(2026, 3, 18), source=sis)

    assert warned(today=dt.date(2026, 3, 25)) == {}
    assert warned()["late"].sentence == "The file from “SIS” is 2 days late."


def test_no_file_is_expected_on_a_day_without_school_or_after_the_last_term(riverside):
    daily = history.source(riverside, expected_every_days=1)
    history.merged(riverside, TODAY, source=daily)
    history.calendar(riverside, [*DAYS, dt.date(2026, 4, 7)])
    rows.sound(Term, institution=riverside, starts_on=BEGAN, ends_on=dt.date(2026, 4, 7))

    assert warned(today=dt.date(2026, 4, 7)) == {}
    assert "late" in warned(today=dt.date(2026, 4, 8))
    history.merged(riverside, dt.date(2026, 4, 7), source=daily)
    assert "late" not in warned(today=dt.date(2026, 5, 20))


def test_a_flat_cohort_without_a_calendar_is_nothing_to_warn_of(riverside, northside):
    history.absences(history.students(northside, 1), [dt.date(2019, 3, 1)])
    history.merged(riverside, dt.date(2019, 3, 2), rows={"students": 400})
    history.merged(riverside, dt.date(2020, 3, 2), rows={"students": 10})

    assert warned() == {}


def test_a_source_shows_its_last_file_and_the_rows_of_six(riverside):
    sis = history.source(riverside, name="SIS", expected_every_days=7)
    for back in range(8, 0, -1):
        day = TODAY - dt.timedelta(days=back)
        history.merged(riverside, day, source=sis, filename=f"{back}.csv", rows={"attendance": 100 + back})

    (health,) = import_health.health_of_sources(today=TODAY)

    assert (health.name, health.kinds, health.trend) == ("SIS", "Absences and tardies", "About as many rows as usual")
    assert (health.last.filename, health.last.n_rows, health.last.merged_on) == ("1.csv", 101, dt.date(2026, 3, 26))
    assert [bar.n_rows for bar in health.bars] == [106, 105, 104, 103, 102, 101]
    assert (health.expected_on, health.sentences) == (dt.date(2026, 4, 2), ())


def test_uploads_without_a_source_stand_together_by_what_they_hold(riverside):
    for counts in ({"attendance": 5}, {"grades": 5, "attendance": 5}, {"attendance": 6}):
        history.merged(riverside, TODAY, rows=counts)

    found = import_health.health_of_sources(today=TODAY)

    assert [(health.name, len(health.bars)) for health in found] == [
        ("Absences and tardies", 2),
        ("Absences and tardies, grades", 1),
    ]


def missing(today=TODAY):
    health = import_health.health(today=today)
    return list(health.missing) if health else []


def test_school_days_without_a_single_absence_are_missing(absent):
    left_out = [dt.date(2026, 3, 3), dt.date(2026, 3, 4)]
    absent([day for day in DAYS[:-2] if day not in left_out])

    assert missing() == ["No attendance on 2 school days (3–4 March)."]


def test_days_before_the_first_attendance_and_the_last_three_are_not_missing_yet(absent):
    absent(DAYS[5:-3])

    assert missing() == []


def test_where_absences_are_rare_a_day_without_any_says_nothing(riverside, northside):
    history.calendar(riverside, DAYS)
    history.absences(history.students(northside, 3), [DAYS[0], DAYS[-1]])

    assert missing() == []


def test_a_school_that_alone_sent_nothing_is_named(absent, harbor, northside):
    absent(DAYS)
    history.absences(history.students(harbor, 8), [day for day in DAYS if day != dt.date(2026, 3, 10)])

    assert missing() == ["Harbor: no attendance on 1 school day (10 March)."]


def test_a_school_with_students_and_no_attendance_at_all_is_named(absent, riverside, harbor):
    absent(DAYS)
    School.objects.create(institution=riverside, external_id="E", name="Empty")
    for student in history.students(harbor, 50):
        given = {"student": student, "school": harbor, "entered_on": BEGAN, "known_on": BEGAN}
        rows.sound(Enrolment, institution=riverside, **given)

    (sentence,) = missing()

    assert sentence.startswith(f"Harbor: no attendance on {len(DAYS) - 1} school days (2 February – 26 March).")


def test_only_this_school_year_is_looked_at(absent, riverside):
    absent([DAYS[0], *DAYS[15:]])
    assert len(missing()) == 1

    rows.sound(Term, institution=riverside, school_year=2026, starts_on=DAYS[15], ends_on=dt.date(2026, 6, 12))

    assert missing() == []


def test_nothing_is_shown_as_long_as_nothing_came(riverside):
    assert import_health.health(today=TODAY) is None


def test_the_questions_do_not_grow_with_the_sources(absent, riverside):
    absent(DAYS)
    asked = []
    for n_sources in (1, 4):
        for _number in range(n_sources):
            history.merged(riverside, TODAY, source=history.source(riverside, expected_every_days=7))
        for ask in (import_health.health, import_health.warnings):
            with CaptureQueriesContext(connection) as captured:
                ask(today=TODAY)
            asked.append(len(captured))

    assert asked[:2] == asked[2:]
    assert max(asked) <= 12
    assert Upload.objects.count() == 5
