"""The sessions that the students of each school missed, week by week, out of the columnar copy."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from students.records import columnar

if TYPE_CHECKING:
    import pyarrow as pa

Missed = dict[int, dict[dt.date, float]]
Numbers = Sequence[int] | NDArray[np.int64]
_COLUMNS = ("student_id", "held_on", "category", "n_sessions", "replaced_on")
# The first Monday there is to count weeks from.
_MONDAY = np.datetime64("1969-12-29", "D")


def missed(*, students: Numbers, schools: Numbers, since: dt.date, until: dt.date) -> Missed:
    """Return by school, and by the Monday of a week, how many sessions its students missed in all.

    Absences alone, as they stand today, of both days and those between.

    :param students: keys of students of the institution in scope, each once
    :param schools: the school of each of them
    :raises ScopeMissing: in a scope of some schools only
    """
    order = np.argsort(students)
    keys, at_school = (np.asarray(numbers, dtype=np.int64)[order] for numbers in (students, schools))
    names, of_student = np.unique(at_school, return_inverse=True)
    first, last = (int(_week(np.datetime64(day, "D"))) for day in (since, until))
    shape = (len(names), last - first + 1)
    n_rows, n_missed = np.zeros(shape, dtype=np.int64), np.zeros(shape)
    for table in columnar.taken("attendance").tables(_COLUMNS):
        rows = _absences(table, since=since, until=until)
        student = rows.column("student_id").to_numpy()
        at = np.searchsorted(keys, student)
        listed = at < len(keys)
        listed[listed] = keys[at[listed]] == student[listed]
        place = of_student[at[listed]], _week(rows.column("held_on").to_numpy()[listed]) - first
        np.add.at(n_rows, place, 1)
        np.add.at(n_missed, place, rows.column("n_sessions").to_numpy()[listed])
    weekly: Missed = {}
    for school, week in zip(*np.nonzero(n_rows), strict=True):
        monday = (_MONDAY + 7 * (first + int(week))).item()
        weekly.setdefault(int(names[school]), {})[monday] = float(n_missed[school, week])
    return weekly


def _absences(table: pa.Table, *, since: dt.date, until: dt.date) -> pa.Table:
    import pyarrow.compute as pc  # not before there is a list to make

    held_on = table.column("held_on")
    counted: Any = pc.and_(pc.greater_equal(held_on, since), pc.less_equal(held_on, until))
    counted = pc.and_(counted, pc.is_null(table.column("replaced_on")))
    return table.filter(pc.and_(counted, pc.equal(table.column("category").cast("string"), "absent")))


def _week(days: Any) -> Any:
    return (days.astype("datetime64[D]") - _MONDAY).astype(np.int64) // 7
