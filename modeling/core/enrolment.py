"""Features of enrolment: grade level, age for it, moves between schools, and time on the roll."""

from __future__ import annotations

import numpy as np

from modeling.core.school_calendar import Days, FloatArray, IntArray, Values, days
from modeling.core.snapshot_day import SnapshotDay
from modeling.core.texts import numbers

# A student who joins within the first two weeks of school counts as on time.
LATE_AFTER_SESSIONS = 10
# A pupil of grade 1 is usually 6 years old when the school year begins, one of grade 9 is 14.
USUAL_AGE_BEFORE_GRADE_1 = 5
KINDERGARTEN = ("KG", "K")


def enrolment_features(day: SnapshotDay) -> dict[str, Values]:
    """Return every feature of enrolment as of a day: of the whole time here, but for the days on the roll.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float or object, shape (n_students,)
        Counts, years and flags, and the grade level as str; NaN where the calendar, the birth date, the grade
        level or an earlier enrolment is missing.
    """
    year = day.calendar.this_year()
    ever_enrolled = day.ever_on_roll.within(*year)
    levels = np.array([level or np.nan for level in day.stays.grade_levels] + [np.nan], dtype=object)
    return {
        "school_moves_365d": _moves(day, window_days=365),
        "late_enrolment": np.where(ever_enrolled > 0, _joined_after(day, year[0] + LATE_AFTER_SESSIONS), np.nan),
        "age_for_grade": _age_for_grade(day),
        "repeated_grade": _repeated_grade(day),
        "grade_level": levels[_grade(day)],
        "days_enrolled": day.sessions(*year) if day.calendar.n_sessions else day.missing(),
    }


def grade_numbers(day: SnapshotDay) -> FloatArray:
    """Return the grade level of each student as a number, kindergarten as 0; NaN where it is missing or no number."""
    counted = ["0" if level in KINDERGARTEN else level for level in day.stays.grade_levels]
    grade: FloatArray = np.append(numbers(counted), np.nan)[_grade(day)]
    return grade


def _grade(day: SnapshotDay) -> IntArray:
    """Return the grade level of each student's last stay as a position among `Stays.grade_levels`, -1 if missing."""
    return np.append(day.stays.grade, -1)[day.current_stay]


def _moves(day: SnapshotDay, *, window_days: int) -> FloatArray:
    stays = day.stays
    entered = stays.entered_on <= day.as_of
    at, school_id, entered_on = stays.at[entered], stays.school_id[entered], stays.entered_on[entered]
    moved = (at[1:] == at[:-1]) & (school_id[1:] != school_id[:-1])
    return day.totals(at[1:][moved & day.within(entered_on[1:], window_days=window_days)])


def _joined_after(day: SnapshotDay, position: int) -> FloatArray:
    """Return 1.0 for students with no session of this year before a position of the calendar."""
    year_first, _ = day.calendar.this_year()
    return np.where(day.ever_on_roll.within(year_first, position) > 0, 0.0, 1.0)


def _age_for_grade(day: SnapshotDay) -> FloatArray:
    students = day.facts.students
    at = day.at(students["student_id"])
    known, born_on = np.flatnonzero(at >= 0)[::-1], days(students["birth_on"])
    born = np.full(len(day.students), np.datetime64("NaT"), dtype="datetime64[D]")
    # Backwards, so that of two rows of a student the first counts.
    born[at[known]] = born_on[known]
    over: FloatArray = _completed_years(born, on=day.calendar.year_start) - (
        grade_numbers(day) + USUAL_AGE_BEFORE_GRADE_1
    )
    return over


def _completed_years(born: Days, *, on: np.datetime64) -> FloatArray:
    # Birthdays are compared as month and day: dividing days by 365.25 misses some by one.
    born_year, on_year = born.astype("datetime64[Y]"), on.astype("datetime64[Y]")
    born_month, on_month = born.astype("datetime64[M]"), on.astype("datetime64[M]")
    months = (on_month - on_year).astype(np.int64) - (born_month - born_year).astype(np.int64)
    day_of_month = (on - on_month).astype(np.int64) - (born - born_month).astype(np.int64)
    before_birthday = (months < 0) | ((months == 0) & (day_of_month < 0))
    years = (on_year - born_year).astype(np.float64) - before_birthday
    return np.where(np.isnat(born), np.nan, years)


def _repeated_grade(day: SnapshotDay) -> FloatArray:
    """Return whether the grade is last year's; NaN where no enrolment of this year follows an older one."""
    stays, current, year_start = day.stays, day.current_stay, day.calendar.year_start
    earlier = stays.newest(until=year_start - 1)
    entered_on = np.append(stays.entered_on, np.datetime64("NaT"))
    grade = np.append(stays.grade, -1)
    comparable = (entered_on[current] >= year_start) & (earlier >= 0)
    same = (grade[current] == grade[earlier]) & (grade[current] >= 0)
    return np.where(comparable, same, np.nan)
