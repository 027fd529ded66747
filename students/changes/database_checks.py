"""What only the database can tell of a file's rows: strangers, repeats, days and schools that cannot be right.

Every rule is one statement over all rows of a kind. What is refused leaves the tables, and the whole line with it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container
from typing import LiteralString

from psycopg import sql

from students.changes.staging import Context, Staging, table_of
from students.import_sql import enrolments, findings, people, repeated_rows, schools
from students.import_sql.fact_tables import AT_SCHOOL, FACT_TABLES
from students.import_sql.statements import fetch, fragment, make, name, run
from students.importing import plausibility
from students.outcomes import exit_code_map
from students.outcomes.outcome_codes import UnknownExitCode

A_DAY, A_YEAR = dt.timedelta(days=1), dt.timedelta(days=365)

_STRANGERS: LiteralString = """
SELECT {kind}, t.file, t.line, 'student_id', t.student_id, 'unknown_student', ''
FROM {table} t JOIN file_people p ON p.ref = t.student_id WHERE p.id IS NULL
"""
_UNKNOWN_SCHOOLS: LiteralString = """
SELECT {kind}, t.file, t.line, 'school_id', t.school_id, 'unknown_school', ''
FROM {table} t JOIN file_schools c ON c.ref = t.school_id WHERE c.id IS NULL
"""
_WITHOUT_SCHOOL: LiteralString = """
SELECT 'students', t.file, t.line, 'student_id', t.student_id, 'student_without_school', ''
FROM staged_students t JOIN file_places p ON p.ref = t.student_id WHERE p.is_new AND p.school IS NULL
"""
_OUTSIDE_ENROLMENT: LiteralString = """
SELECT {kind}, t.file, t.line, CASE f.problem WHEN 'other_school' THEN 'school_id' ELSE {happened} END,
       CASE f.problem WHEN 'other_school' THEN t.school_id ELSE t.{day}::text END, f.problem,
       CASE f.problem WHEN 'other_school' THEN t.{day} WHEN 'after_exit' THEN p.last_on ELSE p.first_on END::text
FROM {table} t
JOIN file_places p ON p.ref = t.student_id
LEFT JOIN file_schools c ON c.ref = t.school_id
CROSS JOIN LATERAL (SELECT CASE
    WHEN t.{day} BETWEEN p.main_from AND p.main_to AND (c.id IS NULL OR c.id = p.main_school) THEN NULL
    WHEN t.{day} < p.first_on THEN 'before_enrolment'
    WHEN t.{day} > p.last_on THEN 'after_exit'
    WHEN c.id IS NOT NULL AND NOT EXISTS (
        SELECT FROM file_spans s
        WHERE s.student = p.id AND s.school = c.id AND t.{day} BETWEEN s.entered_on AND s.exited_on
    ) THEN 'other_school'
END AS problem) f
WHERE p.first_on IS NOT NULL AND p.id IS NOT NULL AND f.problem IS NOT NULL
  AND (t.school_id IS NULL OR c.id IS NOT NULL)
"""
# Counted by days, of which even a file of millions has few.
_FAR_FROM_OTHERS: LiteralString = """
WITH by_day AS (SELECT {day} AS day, count(*) AS n FROM {table} GROUP BY {day}),
counted AS (SELECT day, n, sum(n) OVER (ORDER BY day) AS up_to, sum(n) OVER () AS total FROM by_day),
usual AS (
    SELECT min(day) FILTER (WHERE up_to > greatest(1, {share} * total)) AS first_on,
           max(day) FILTER (WHERE total - up_to + n > greatest(1, {share} * total)) AS last_on
    FROM counted HAVING max(total) >= {fewest}
)
SELECT {kind}, t.file, t.line, {happened}, t.{day}::text, 'far_from_others', u.first_on || ' to ' || u.last_on
FROM usual u JOIN {table} t
  ON t.{day} < u.first_on - make_interval(years => {years}) OR t.{day} > u.last_on + make_interval(years => {years})
"""
_BIRTHS: LiteralString = """
SELECT p.ref, coalesce(f.birth_on, s.birth_on) AS birth_on, f.file, f.line
FROM file_people p
LEFT JOIN students_student s ON s.institution_id = %(institution)s AND s.id = p.id
LEFT JOIN {told} f ON f.student_id = p.ref
WHERE coalesce(f.birth_on, s.birth_on) IS NOT NULL
"""
_YOUNGEST: LiteralString = "SELECT max(birth_on) FROM students_student WHERE institution_id = %(institution)s"
_NO_STUDENTS: LiteralString = "(SELECT NULL::text AS student_id, NULL::date AS birth_on, 0 AS file, 0 AS line)"
# Nearly every row is of a later day than the youngest was born on, and is looked up nowhere. A line that tells both
# days was judged when it was read.
_BEFORE_BIRTH: LiteralString = """
SELECT {kind}, t.file, t.line, {happened}, t.{day}::text, 'before_birth', b.birth_on::text
FROM {table} t JOIN file_births b ON b.ref = t.student_id AND t.{day} < b.birth_on
WHERE t.{day} < (SELECT max(birth_on) FROM file_births) AND (b.file, b.line) IS DISTINCT FROM (t.file, t.line)
"""
_SAME_DAY: LiteralString = """
SELECT 'enrolments', file, line, 'student_id', student_id, 'two_open_enrolments', 'line ' || first_line
FROM (
    SELECT file, line, student_id, row_number() OVER same_day AS nth, first_value(line) OVER same_day AS first_line
    FROM file_told_enrolments WHERE exited_on IS NULL
    WINDOW same_day AS (PARTITION BY student, {apart}, said_on ORDER BY file, line)
) o WHERE nth > 1
"""
# Beside other enrolments of the student there, or an open one elsewhere, nobody knows which one is meant.
_WITHOUT_DAY: LiteralString = """
SELECT 'enrolments', file, line, 'entered_on', student_id, 'enrolment_without_day', ''
FROM (
    SELECT file, line, student_id, said_on, exited_on, count(said_on) OVER there AS n_dated,
           count(said_on) FILTER (WHERE exited_on IS NULL) OVER (PARTITION BY student) AS n_dated_and_open,
           dense_rank() OVER (PARTITION BY student, school, said_on ORDER BY exited_on, grade_level, exit_reason) AS nth
    FROM file_told_enrolments WINDOW there AS (PARTITION BY student, school)
) o
WHERE said_on IS NULL AND (n_dated > 0 OR nth > 1 OR (exited_on IS NULL AND n_dated_and_open > 0))
"""
_GRADE_JUMPS: LiteralString = """
SELECT 'enrolments', file, line, 'grade_level', grade_level, 'grade_level_jump', before
FROM (
    SELECT file, line, grade_level, began_on, lag(grade_level) OVER of_student AS before,
           lag(began_on) OVER of_student AS before_on
    FROM file_spans WHERE grade_level ~ '^[0-9]{{1,2}}$'
    WINDOW of_student AS (PARTITION BY student ORDER BY began_on, file NULLS FIRST)
) s
WHERE file IS NOT NULL
  AND (grade_level::int < before::int OR (grade_level::int > before::int + 1 AND began_on - before_on <= 366))
"""


def check(staging: Staging, context: Context) -> None:
    """Find what is wrong with the staged rows, take the bad ones out, and settle who and where everybody is.

    Afterwards difference.compare can say what the file changes.
    """
    for kind in staging.kinds:
        run("ANALYZE {table}", table=table_of(kind))
    _find_far_days(staging, context)
    staging.drop_rejected()
    if "outcomes" in staging.kinds:
        _name_outcomes()
    for kind in staging.kinds:
        if kind != "enrolments":
            repeated_rows.drop(staging, context, kind)
    schools.resolve(staging, context)
    _check_enrolments(staging, context)
    _settle(staging, context)
    _check_facts(staging, context)
    # A line that is left out may have been the only one to bring a student; then others are about nobody.
    while staging.drop_rejected() & {"students", "enrolments"}:
        _resolve(staging, context)
        _settle(staging, context)
        _find_strangers(staging)


def _resolve(staging: Staging, context: Context) -> None:
    people.resolve(staging, context)
    enrolments.read(staging, context)


def _settle(staging: Staging, context: Context) -> None:
    enrolments.settle(staging, context)
    people.place(context)
    if "students" in staging.kinds:
        findings.keep("refuse", _WITHOUT_SCHOOL)


def _check_enrolments(staging: Staging, context: Context) -> None:
    _resolve(staging, context)
    if "enrolments" not in staging.kinds:
        return
    has_open_days = fetch("SELECT EXISTS (SELECT FROM file_told_enrolments WHERE said_on IS NULL)")[0][0]
    if has_open_days and findings.keep("refuse", _WITHOUT_DAY):
        staging.drop_rejected()
        _resolve(staging, context)
    repeated_rows.drop_enrolments(staging, context)
    findings.keep("refuse", _SAME_DAY, apart=fragment(enrolments.SCHOOL_APART))
    if staging.drop_rejected() & {"students", "enrolments"}:
        _resolve(staging, context)


def _find_far_days(staging: Staging, context: Context) -> None:
    for kind in _staged(staging, AT_SCHOOL):
        if not staging.reaches_over(kind, plausibility.FAR_YEARS * A_YEAR):
            continue
        findings.keep(
            context.severity("far_from_others"),
            _FAR_FROM_OTHERS,
            None,
            **_told_of(kind),
            share=sql.Literal(plausibility.FAR_SHARE),
            fewest=sql.Literal(plausibility.FAR_FEWEST),
            years=sql.Literal(plausibility.FAR_YEARS),
        )


def _find_days_before_birth(staging: Staging, context: Context) -> None:
    severity = context.severity("before_birth")
    kinds = [kind for kind in _staged(staging, FACT_TABLES) if FACT_TABLES[kind].happened]
    if severity == "off" or not kinds:
        return
    # Days may have been moved by one since they were read.
    earliest = min((staging.reach[kind][0] for kind in kinds if kind in staging.reach), default=dt.date.max)
    [(youngest,)] = fetch(_YOUNGEST, context.parameters)
    births = [day for day in (youngest, *staging.reach.get("students", ())[1:]) if day is not None]
    if max(births, default=dt.date.min) + A_DAY < earliest:
        return
    told = name("staged_students") if "students" in staging.kinds else fragment(_NO_STUDENTS)
    make("file_births", _BIRTHS, context.parameters, told=told)
    for kind in kinds:
        findings.keep(severity, _BEFORE_BIRTH, None, **_told_of(kind))


def _told_of(kind: str) -> dict[str, sql.Composable]:
    """Return the parts of a statement about the day of each row of a kind."""
    happened = FACT_TABLES[kind].happened
    return {
        "kind": sql.Literal(kind),
        "table": table_of(kind),
        "happened": sql.Literal(happened),
        "day": name(happened),
    }


def _check_facts(staging: Staging, context: Context) -> None:
    _find_strangers(staging)
    _find_days_before_birth(staging, context)
    if fetch("SELECT EXISTS (SELECT FROM file_schools WHERE id IS NULL)")[0][0]:
        for kind in _staged(staging, AT_SCHOOL):
            findings.keep("refuse", _UNKNOWN_SCHOOLS, kind=sql.Literal(kind), table=table_of(kind))
    if fetch("SELECT EXISTS (SELECT FROM file_spans)")[0][0]:
        _check_days(staging, context)
        if "enrolments" in staging.kinds:
            findings.keep(context.severity("grade_level_jump"), _GRADE_JUMPS)


def _find_strangers(staging: Staging) -> None:
    if not fetch("SELECT EXISTS (SELECT FROM file_people WHERE id IS NULL)")[0][0]:
        return
    for kind in _staged(staging, FACT_TABLES):
        findings.keep("refuse", _STRANGERS, kind=sql.Literal(kind), table=table_of(kind))


def _check_days(staging: Staging, context: Context) -> None:
    severities = {rule: context.severity(rule) for rule in ("before_enrolment", "after_exit", "other_school")}
    if set(severities.values()) == {"off"}:
        return
    for kind in _staged(staging, AT_SCHOOL):
        _keep_by_rule(fragment(_OUTSIDE_ENROLMENT, **_told_of(kind)), severities)


def _keep_by_rule(found: sql.Composed, severities: dict[str, str]) -> None:
    """Look once for both rules, however strict each is."""
    run("DROP TABLE IF EXISTS file_found")
    run(
        "CREATE TEMP TABLE file_found (kind, file, line, field, value, problem, allowed) ON COMMIT DROP AS {found}",
        found=found,
    )
    for rule, severity in severities.items():
        findings.keep(severity, "SELECT * FROM file_found WHERE problem = {rule}", rule=sql.Literal(rule))


def _name_outcomes() -> None:
    """Find out which kind of outcome an exit code is, where the file names only the code."""
    run("ALTER TABLE staged_outcomes ADD COLUMN is_by_code boolean NOT NULL DEFAULT false")
    known = exit_code_map.in_scope()
    codes = fetch("SELECT DISTINCT exit_code FROM staged_outcomes WHERE kind IS NULL AND exit_code IS NOT NULL")
    for (code,) in codes:
        try:
            kind = known.kind_of(code)
        except UnknownExitCode:
            findings.keep(
                "refuse",
                "SELECT 'outcomes', file, line, 'exit_code', exit_code, 'not_allowed', {known} FROM staged_outcomes"
                " WHERE kind IS NULL AND exit_code = {code}",
                known=sql.Literal(", ".join(known.listed())),
                code=sql.Literal(code),
            )
        else:
            run(
                "UPDATE staged_outcomes SET kind = {kind}, is_by_code = true WHERE kind IS NULL AND exit_code = {code}",
                kind=sql.Literal(kind),
                code=sql.Literal(code),
            )


def _staged(staging: Staging, kinds: Container[str]) -> list[str]:
    return [kind for kind in staging.kinds if kind in kinds]
