"""Features of enrolment: grade level, age for it, moves between schools, and time on the roll."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modeling.core.school_calendar import Days, FloatArray, Values, days
from modeling.core.snapshot_day import SnapshotDay

# A student who joins within the first two weeks of school counts as on time.
LATE_AFTER_SESSIONS = 10
# A pupil of grade 1 is usually 6 years old when the school year begins, one of grade 9 is 14.
USUAL_AGE_BEFORE_GRADE_1 = 5
KINDERGARTEN = ("KG", "K")


def enrolment_features(day: SnapshotDay) -> dict[str, Values]:
    """Return every feature of enrolment as of a day.

    Parameters
    ----------
    day : SnapshotDay

    Returns
    -------
    dict of str to array of float or object, shape (n_students,)
        Counts, years and flags, and the grade level as str; NaN where the calendar, the birth date, the grade
        level or an earlier enrolment is missing.
    """
    current = _newest(day.facts.enrolments, until=day.as_of).reindex(day.students)
    year = day.calendar.this_year()
    enrolled = day.sessions(*year)
    grade = current["grade_level"].astype(object)
    return {
        "school_moves_365d": _moves(day, window_days=365),
        "late_enrolment": np.where(enrolled > 0, _joined_after(day, year[0] + LATE_AFTER_SESSIONS), np.nan),
        "age_for_grade": _age_for_grade(day, grade),
        "repeated_grade": _repeated_grade(day, current),
        "grade_level": grade.where(grade.notna() & (grade != ""), np.nan).to_numpy(),
        "days_enrolled": enrolled if day.calendar.n_sessions else day.missing(),
    }


def _newest(enrolments: pd.DataFrame, *, until: np.datetime64) -> pd.DataFrame:
    """Return the last enrolment each student entered up to a day, index ``student_id``."""
    entered = enrolments.loc[days(enrolments["entered_on"]) <= until]
    newest = entered.sort_values(["entered_on", "school_id", "grade_level"]).drop_duplicates("student_id", keep="last")
    return newest.set_index("student_id")


def _moves(day: SnapshotDay, *, window_days: int) -> FloatArray:
    rows = day.facts.enrolments
    rows = rows.loc[days(rows["entered_on"]) <= day.as_of].sort_values(["student_id", "entered_on", "school_id"])
    same_student = rows["student_id"].eq(rows["student_id"].shift())
    other_school = rows["school_id"].ne(rows["school_id"].shift())
    moved = (same_student & other_school).to_numpy() & day.within(rows["entered_on"], window_days=window_days)
    return day.totals(day.at(rows["student_id"])[moved])


def _joined_after(day: SnapshotDay, position: int) -> FloatArray:
    """Return 1.0 for students with no session of this year before a position of the calendar."""
    year_first, _ = day.calendar.this_year()
    return np.where(day.sessions(year_first, position) > 0, 0.0, 1.0)


def _age_for_grade(day: SnapshotDay, grade_level: pd.Series) -> FloatArray:
    students = day.facts.students.drop_duplicates("student_id").set_index("student_id")
    born = days(students["birth_on"].reindex(day.students))
    counted = grade_level.where(~grade_level.isin(KINDERGARTEN), "0")
    grade = pd.to_numeric(counted, errors="coerce").to_numpy(dtype=np.float64)
    over: FloatArray = _completed_years(born, on=day.calendar.year_start) - (grade + USUAL_AGE_BEFORE_GRADE_1)
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


def _repeated_grade(day: SnapshotDay, current: pd.DataFrame) -> FloatArray:
    """Return whether the grade is last year's; NaN where no enrolment of this year follows an older one."""
    year_start = day.calendar.year_start
    earlier = _newest(day.facts.enrolments, until=year_start - 1).reindex(day.students)
    comparable = (days(current["entered_on"]) >= year_start) & earlier["entered_on"].notna().to_numpy()
    same = (current["grade_level"] == earlier["grade_level"]).to_numpy(dtype=np.bool_)
    return np.where(comparable, same, np.nan)
