"""From the typed columns of a flat cohort to dated facts: one frame per kind of record."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from students.importing.cohort_checks import TypedColumn
from students.importing.cohort_schema import CohortSchema, Column, OutcomeMeaning, OutcomeReading

ALL_COURSES = "all courses"
_DATE = "datetime64[us]"
# A record of credits alone has no grade, but every record names a scale.
_UNUSED_SCALE = 100.0


def cohort_frames(typed: list[TypedColumn], schema: CohortSchema) -> dict[str, pd.DataFrame]:
    """Return the facts of a cohort whose cells all passed, by kind of record, keyed by the external student id (str).

    Each has a row per fact with its `known_on`. Attributes and protected ones are long: student_id, name, value (str).
    Attendance holds a total per student and period, also where the total is 0; without a row it is unknown.

    Parameters
    ----------
    typed : list of TypedColumn, each of n_rows values
        From `cohort_checks.typed_columns`, without faults; one of them identifies the student.
    schema : CohortSchema
        Dates, default school and the meaning of each outcome.
    """
    by_name = {one.column.name: one for one in typed}
    ids = next(one.text for one in typed if one.column.kind == "identifier").rename("student_id")
    school_ids = _texts_of("school", typed, n_rows=len(ids), default=schema.school_name)
    return {
        "schools": _schools(school_ids, schema),
        "students": _students(ids, typed, schema),
        "enrolments": _enrolments(ids, school_ids, typed, schema),
        "attendance": _attendance(ids, school_ids, typed),
        "grades": _grades(ids, school_ids, by_name, schema),
        "attributes": _long(ids, [one for one in typed if one.column.kind == "attribute"], schema),
        "protected": _long(ids, [one for one in typed if one.column.kind == "protected"], schema),
        "outcomes": _outcomes(ids, typed, schema),
    }


def _texts_of(kind: str, typed: list[TypedColumn], *, n_rows: int, default: str) -> pd.Series:
    for one in typed:
        if one.column.kind == kind:
            return one.text.fillna(default)
    return pd.Series(default, index=range(n_rows), dtype="str")


def _day(day: date) -> np.datetime64:
    return np.datetime64(day, "us")


def _never(n_rows: int) -> pd.Series:
    return pd.Series(pd.NaT, index=range(n_rows), dtype=_DATE)


def _schools(school_ids: pd.Series, schema: CohortSchema) -> pd.DataFrame:
    column = schema.column_of("school")
    names = column.levels if column else {}
    found = pd.Series(school_ids.unique(), dtype="str")
    return pd.DataFrame({"school_id": found, "name": found.map(lambda code: names.get(code, code)).astype("str")})


def _students(ids: pd.Series, typed: list[TypedColumn], schema: CohortSchema) -> pd.DataFrame:
    n_rows = len(ids)
    births = next((one.values for one in typed if one.column.kind == "birth_on"), _never(n_rows))
    return pd.DataFrame(
        {
            "student_id": ids,
            "given_name": _texts_of("given_name", typed, n_rows=n_rows, default=""),
            "family_name": _texts_of("family_name", typed, n_rows=n_rows, default=""),
            "birth_on": births,
            "known_on": _day(schema.dates.enrolled_on),
        }
    )


def _enrolments(ids: pd.Series, school_ids: pd.Series, typed: list[TypedColumn], schema: CohortSchema) -> pd.DataFrame:
    n_rows = len(ids)
    return pd.DataFrame(
        {
            "student_id": ids,
            "school_id": school_ids,
            "grade_level": _texts_of("grade_level", typed, n_rows=n_rows, default=schema.grade_level),
            "entered_on": _day(schema.dates.enrolled_on),
            "exited_on": _never(n_rows),
            "exit_reason": pd.Series("", index=range(n_rows), dtype="str"),
            "known_on": _day(schema.dates.enrolled_on),
            "exit_known_on": _never(n_rows),
        }
    )


def _long(ids: pd.Series, typed: list[TypedColumn], schema: CohortSchema) -> pd.DataFrame:
    """Return one row per student and column that holds a value; a missing value has no row."""
    none = {"student_id": "str", "name": "str", "value": "str", "known_on": _DATE}
    parts = []
    for one in typed:
        given = one.text.notna()
        parts.append(
            pd.DataFrame(
                {
                    "student_id": ids[given],
                    "name": pd.Series(str(one.column.name), index=ids.index[given], dtype="str"),
                    "value": one.text[given],
                    "known_on": _day(schema.known_on(one.column)),
                }
            )
        )
    return _joined(parts, none)


def _joined(parts: list[pd.DataFrame], dtypes: dict[str, str]) -> pd.DataFrame:
    if not parts:
        return pd.DataFrame({name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()})
    return pd.concat(parts, ignore_index=True).astype(dtypes)


def _grades(
    ids: pd.Series, school_ids: pd.Series, by_name: dict[str | None, TypedColumn], schema: CohortSchema
) -> pd.DataFrame:
    """Return one record per student and term: the term's grade and credits over all courses."""
    dtypes = {
        "student_id": "str", "school_id": "str", "awarded_on": _DATE, "course": "str", "term": "str",
        "value": "float64", "scale_max": "float64", "credits_attempted": "float64", "credits_earned": "float64",
        "core": "bool", "known_on": _DATE,
    }  # fmt: skip
    columns = [column for column in schema.columns_of("grade", "credits_attempted", "credits_earned")]
    parts = []
    for term in dict.fromkeys(column.term for column in columns):
        of_term: dict[str, Column] = {
            column.kind: column for column in columns if column.term == term and column.name in by_name
        }
        if of_term:
            parts.append(_term_records(ids, school_ids, of_term, by_name))
    return _joined(parts, dtypes)


def _term_records(
    ids: pd.Series, school_ids: pd.Series, of_term: dict[str, Column], by_name: dict[str | None, TypedColumn]
) -> pd.DataFrame:
    unknown = pd.Series(np.nan, index=ids.index)
    values = {kind: by_name[column.name].values for kind, column in of_term.items()}
    some = next(iter(of_term.values()))
    grade = of_term.get("grade")
    records = pd.DataFrame(
        {
            "student_id": ids,
            "school_id": school_ids,
            "awarded_on": np.datetime64(some.known_on, "us"),
            "course": ALL_COURSES,
            "term": some.term,
            "value": values.get("grade", unknown),
            "scale_max": grade.scale_max if grade else _UNUSED_SCALE,
            "credits_attempted": values.get("credits_attempted", unknown),
            "credits_earned": values.get("credits_earned", unknown),
            "core": False,
            "known_on": np.datetime64(some.known_on, "us"),
        }
    )
    return records[records[["value", "credits_attempted", "credits_earned"]].notna().any(axis=1)]


def _attendance(ids: pd.Series, school_ids: pd.Series, typed: list[TypedColumn]) -> pd.DataFrame:
    dtypes = {
        "student_id": "str", "school_id": "str", "held_on": _DATE, "category": "str", "excused": "bool",
        "n_sessions": "float64", "known_on": _DATE,
    }  # fmt: skip
    parts = []
    for one in typed:
        if one.column.kind == "attendance_total":
            known_on = np.datetime64(one.column.known_on, "us")
            totals = pd.DataFrame(
                {
                    "student_id": ids,
                    "school_id": school_ids,
                    "held_on": known_on,
                    "category": "absent",
                    "excused": False,
                    "n_sessions": one.values,
                    "known_on": known_on,
                }
            )
            parts.append(totals[totals["n_sessions"].notna()])
    return _joined(parts, dtypes)


def _outcomes(ids: pd.Series, typed: list[TypedColumn], schema: CohortSchema) -> pd.DataFrame:
    """Return one outcome per student whose outcome cell is filled."""
    dtypes = {"student_id": "str", "kind": "str", "exit_code": "str", "happened_on": _DATE, "known_on": _DATE}
    one = next((one for one in typed if one.column.outcome is not None), None)
    if one is None or one.column.outcome is None:
        return _joined([], dtypes)
    given = one.values.notna()
    meanings = _meanings(one.values[given], one.column.outcome)
    return pd.DataFrame(
        {
            "student_id": ids[given].to_numpy(),
            "kind": [meaning.kind for meaning in meanings],
            "exit_code": [meaning.exit_code for meaning in meanings],
            "happened_on": _day(schema.dates.outcome_on),
            "known_on": _day(schema.known_on(one.column)),
        }
    ).astype(dtypes)


def _meanings(values: pd.Series, reading: OutcomeReading) -> list[OutcomeMeaning]:
    if reading.values is not None:
        return [reading.values[value] for value in values]
    if reading.below is None or reading.kind is None or reading.exit_code is None or reading.otherwise is None:
        raise ValueError("The schema gives neither the words of the outcome nor its limit.")
    under = OutcomeMeaning(kind=reading.kind, exit_code=reading.exit_code)
    return [under if value < reading.below else reading.otherwise for value in values]
