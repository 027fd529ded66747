"""Whether a student is on track to finish: enough credits for the year, and hardly a core course failed."""

from __future__ import annotations

import numpy as np

from modeling.core.enrolment import grade_numbers
from modeling.core.grades import Grades
from modeling.core.school_calendar import FloatArray
from modeling.core.snapshot_day import SnapshotDay

# Allensworth & Easton (2007), What Matters for Staying On-Track and Graduating in Chicago Public Schools: a ninth
# grader is on track with five full credits at the end of the year and at most one core course failed in a semester.
# Credits are counted differently elsewhere, and not only in June; five of the seven that a full timetable holds there
# is a share that can be asked for in any unit and on any day.
CREDIT_SHARE = 5 / 7
MOST_CORE_FAILURES = 1
# The authors followed ninth graders. The years after are held to the same, below there are no credits to count.
FIRST_GRADE, LAST_GRADE = 9, 12


def on_track(day: SnapshotDay, of_year: Grades) -> FloatArray:
    """Return who is on track in their latest school year with grades; a ninth grader in this one.

    Parameters
    ----------
    day : SnapshotDay
    of_year : Grades
        Known by the day, of each student's latest school year with grades.

    Returns
    -------
    array of float, shape (n_students,)
        1.0 on track, 0.0 off track. Without credits on record each course counts as one. NaN outside grades 9 to 12
        and where that year has no grades: what an eighth grade was like says nothing of ninth.
    """
    tried, earned = _credits(day, of_year)
    share = np.divide(earned, tried, out=day.missing(), where=tried > 0)
    n_failed = day.totals(of_year.at[of_year.core & of_year.failed])
    # 2.5 of 3.5 is enough, whatever the last bit of the division says.
    is_on_track = (np.round(share - CREDIT_SHARE, 9) >= 0) & (n_failed <= MOST_CORE_FAILURES)
    level, latest = grade_numbers(day), of_year.latest_year(n_students=len(day.students))
    is_high_school = (level >= FIRST_GRADE) & (level <= LAST_GRADE)
    is_an_earlier_grade = (level == FIRST_GRADE) & (latest != day.calendar.school_year)
    return np.where(is_high_school & ~is_an_earlier_grade & (tried > 0), is_on_track, np.nan)


def _credits(day: SnapshotDay, of_year: Grades) -> tuple[FloatArray, FloatArray]:
    """Return the credits tried and earned in a year; courses taken and passed where no credits are on record."""
    known = ~np.isnan(of_year.attempted) & ~np.isnan(of_year.earned)
    tried = day.totals(of_year.at[known], of_year.attempted[known])
    earned = day.totals(of_year.at[known], of_year.earned[known])
    is_graded = ~np.isnan(of_year.share)
    n_courses, n_passed = day.totals(of_year.at[is_graded]), day.totals(of_year.at[is_graded & ~of_year.failed])
    return np.where(tried > 0, tried, n_courses), np.where(tried > 0, earned, n_passed)
