"""Two schools with a year of records, from the shared cases, and what became of them as tests look at it."""

import datetime as dt

import pytest

from accounts import scope
from modeling import facts
from modeling.core import attendance, eligibility
from modeling.core.snapshot_day import SnapshotDay
from students.models import AttendanceRecord, Enrolment, Student, Upload
from tests.students.import_by_command import bring_in
from tests.students.shared_cases import BASE, case

Stage = Upload.Stage


@pytest.fixture
def two_schools(riverside, tmp_path):
    """An institution of two schools and twelve students, with the records of a year."""
    roster = tmp_path / "students.csv"
    roster.write_bytes(case("case_05_roster_first.csv").read_bytes())
    named = {name: tmp_path / f"{name}.csv" for name in BASE}
    for name, path in named.items():
        path.write_bytes(case(f"base_{name}.csv").read_bytes())
    for path in (named["schools"], named["terms"], named["school_days"], roster, *list(named.values())[3:]):
        upload = bring_in(riverside, path)
        assert (upload.stage, upload.questions) == (Stage.DONE, []), path
    return riverside


@pytest.fixture
def two_empty_schools(riverside):
    """An institution of two schools and no student."""
    for name in ("schools", "terms", "school_days"):
        bring_in(riverside, case(f"base_{name}.csv"))
    return riverside


@pytest.fixture
def days(two_schools):
    """Return what is missed by student and day, and how much of it was excused."""

    def missed(since=dt.date(2026, 9, 1), category="absent"):
        with scope.entered(scope.of_institution(two_schools)):
            rows = AttendanceRecord.objects.filter(held_on__gte=since, category=category).order_by("pk")
            return sorted(
                (row.student.external_id, row.held_on.isoformat(), round(row.n_sessions, 4), row.excused, row.n_excused)
                for row in rows.select_related("student")
            )

    return missed


@pytest.fixture
def known(two_schools):
    """Return every fact of the institution, as the model reads them."""

    def frames():
        with scope.entered(scope.of_institution(two_schools)):
            return facts.frames()

    return frames


@pytest.fixture
def roll(known):
    """Return who is on the roll on a day."""
    return lambda day: eligibility.eligible_students(known().known_by(day), as_of=day)


@pytest.fixture
def sessions(two_schools, known):
    """Return how many sessions of the year a student was on the roll for, and the share missed; None if not on it."""

    def of(number, day):
        with scope.entered(scope.of_institution(two_schools)):
            student = Student.objects.get(external_id=number).pk
        seen = SnapshotDay.of(known(), as_of=day)
        if student not in seen.students:
            return None
        place = seen.students.get_loc(student)
        first, stop = seen.calendar.this_year()
        return seen.sessions(first, stop)[place], attendance.attendance_features(seen)["absence_rate_year"][place]

    return of


@pytest.fixture
def enrolments(two_schools):
    """Return the enrolments that hold, by the student's number."""

    def of_each():
        with scope.entered(scope.of_institution(two_schools)):
            return {row.student.external_id: row for row in Enrolment.objects.select_related("student")}

    return of_each


@pytest.fixture
def here(two_empty_schools):
    """Return the numbers of the students on the roll on a day."""

    def on(day):
        with scope.entered(scope.of_institution(two_empty_schools)):
            ids = eligibility.eligible_students(facts.frames().known_by(day), as_of=day)
            return sorted(Student.objects.filter(pk__in=list(ids)).values_list("external_id", flat=True))

    return on


@pytest.fixture
def numbers(riverside):
    """Return the numbers of the students on record, with their first names."""

    def of_each():
        with scope.entered(scope.of_institution(riverside)):
            return dict(Student.objects.order_by("external_id").values_list("external_id", "given_name"))

    return of_each


@pytest.fixture
def days_of_all(two_empty_schools):
    """Return who missed which day."""

    def missed():
        with scope.entered(scope.of_institution(two_empty_schools)):
            rows = AttendanceRecord.objects.values_list("student__external_id", "held_on")
            return sorted((number, day.isoformat()) for number, day in rows)

    return missed
