"""Make an institution large: rows of the students it has are copied by SQL, with their scores, under new keys.

Thirty thousand students take seconds so, where simulated, imported and scored they take minutes; each copy has real
reasons, because it has those of the student it was copied from. The builds before this one can be enlarged the same
way: columns are read from the database, not from the models.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import psycopg
from psycopg import sql

SCHOOL_SIZE = 1000
# What follows a student: the table, and its column of the student's key.
RECORDS = ("students_enrolment", "students_attendancerecord", "students_graderecord")

_GROWN = """
CREATE TEMP TABLE grown ON COMMIT DROP AS
WITH seeds AS (
    SELECT student_id, score_id, row_number() OVER (ORDER BY student_id) AS place, count(*) OVER () AS n
    FROM predictions_currentrisk WHERE institution_id = %(institution)s AND rank IS NOT NULL
), new AS (SELECT g AS number, row_number() OVER (ORDER BY hashint8(g), g) AS turn FROM generate_series(1, %(n)s) g)
SELECT new.number, seeds.student_id AS seed, seeds.score_id AS seed_score, %(last_rank)s + new.turn AS rank,
       nextval(pg_get_serial_sequence('students_student', 'id')) AS student_id,
       nextval(pg_get_serial_sequence('predictions_riskscore', 'id')) AS score_id,
       %(schools)s::bigint[] AS schools, (new.number %% cardinality(%(schools)s::bigint[]) + 1)::int AS school
FROM new JOIN seeds ON seeds.place = new.number %% seeds.n + 1
"""


def grow(connection: psycopg.Connection[Any], *, institution: int, n_students: int, records: bool = False) -> None:
    """Add students to an institution that has a list, at new schools of about 1,000; the list holds them too.

    :param connection: of the tables' owner, who stands above row-level security
    :param records: whether enrolments and attendance are copied besides
    """
    with connection.transaction():
        found = connection.execute(
            "SELECT max(rank) FROM predictions_currentrisk WHERE institution_id = %s", [institution]
        ).fetchone()
        schools = _schools(connection, institution, max(3, n_students // SCHOOL_SIZE))
        last = found[0] if found else 0
        given = {"institution": institution, "n": n_students, "last_rank": last, "schools": schools}
        connection.execute(_GROWN, given)
        connection.execute("CREATE INDEX ON grown (student_id)")
        connection.execute("ANALYZE grown")
        _add_students(connection)
        for table in RECORDS if records else ():
            _copy(connection, table, "t.student_id = grown.seed", {"student_id": "grown.student_id"} | _AT_SCHOOL)
        if records:
            _add_help(connection)
            _add_looks(connection)
        _count_anew(connection, institution)


# One student in ten got help, half of them still do; five looks at the page of each, as any year leaves them.
_HELP = """
INSERT INTO students_intervention
    (institution_id, student_id, kind, goal, started_on, ended_on, owner, result, known_on, source_id)
SELECT s.institution_id, s.id, 'tutoring', '', current_date - (grown.number % 300)::int,
       CASE WHEN grown.number % 20 = 0 THEN current_date - (grown.number % 300)::int + 7 END, 'staff', '',
       current_date - (grown.number % 300)::int, ''
FROM grown JOIN students_student s ON s.id = grown.student_id WHERE grown.number % 10 = 0
"""
_LOOKS = """
INSERT INTO accounts_auditentry (institution_id, at, action, purpose, subject_ids{column})
SELECT s.institution_id, now() - g * interval '1 hour', 'student_page', '', ARRAY[s.public_id]{value}
FROM grown JOIN students_student s ON s.id = grown.student_id, generate_series(1, 5) g
"""


_PLANS = """
INSERT INTO students_helpplan
    (institution_id, public_id, student_id, intervention_id, due_on, check_every_days, version, created_at{column})
SELECT i.institution_id, gen_random_uuid(), i.student_id, i.id, i.started_on + 60, 14, 1, now(){value}
FROM students_intervention i JOIN grown ON grown.student_id = i.student_id
"""


def _add_help(connection: psycopg.Connection[Any]) -> None:
    connection.execute(_HELP.encode())
    known = _has_column(connection, "students_helpplan", "next_due")
    column, value = (", next_due", ", CASE WHEN i.ended_on IS NULL THEN i.started_on + 14 END") if known else ("", "")
    connection.execute(_PLANS.format(column=column, value=value).encode())


def _has_column(connection: psycopg.Connection[Any], table: str, column: str) -> bool:
    """Tell whether a table has a column; builds before this one have fewer."""
    found = connection.execute(
        "SELECT 1 FROM pg_attribute WHERE attrelid = %s::regclass AND attname = %s AND NOT attisdropped",
        [table, column],
    )
    return found.fetchone() is not None


def _add_looks(connection: psycopg.Connection[Any]) -> None:
    has_subject = _has_column(connection, "accounts_auditentry", "subject_id")
    column, value = (", subject_id", ", s.public_id") if has_subject else ("", "")
    connection.execute(_LOOKS.format(column=column, value=value).encode())


_AT_SCHOOL = {"school_id": "grown.schools[grown.school]"}


def _add_students(connection: psycopg.Connection[Any]) -> None:
    fresh = {"id": "grown.student_id", "public_id": "gen_random_uuid()", "external_id": "'L' || grown.number"}
    _copy(connection, "students_student", "t.id = grown.seed", fresh | _AT_SCHOOL)
    ranks = {name: "grown.rank" for name in ("rank", "model_rank")}
    score = {"id": "grown.score_id", "student_id": "grown.student_id", "tier": "'routine_support'"} | ranks
    _copy(connection, "predictions_riskscore", "t.id = grown.seed_score", score)
    listed = {"student_id": "grown.student_id", "score_id": "grown.score_id", "rank": "grown.rank"} | _AT_SCHOOL
    # One in twenty has help; nobody is left out.
    states = {"help_state": "CASE WHEN grown.number % 20 = 0 THEN 'open' ELSE 'none' END", "is_left_out": "false"}
    named = states | {
        "search_name": "t.search_name || ' ' || grown.number",
        "tier": "'routine_support'",
        "is_new": "false",
    }
    _copy(connection, "predictions_currentrisk", "t.student_id = grown.seed", listed | named, order="grown.rank")


def _schools(connection: psycopg.Connection[Any], institution: int, n: int) -> list[int]:
    rows = connection.execute(
        "INSERT INTO accounts_school (institution_id, external_id, name)"
        " SELECT %s, 'L' || g, 'School ' || g FROM generate_series(1, %s) g RETURNING id",
        [institution, n],
    )
    return [pk for (pk,) in rows]


def _copy(
    connection: psycopg.Connection[Any], table: str, of: str, changed: Mapping[str, str], *, order: str = ""
) -> None:
    """Copy the rows of seeds to the students grown from them, some columns changed."""
    names = connection.execute(
        "SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped"
        " AND attgenerated = '' AND (attname <> 'id' OR %s) ORDER BY attnum",
        [table, "id" in changed],
    ).fetchall()
    columns = [name for (name,) in names]
    values = [sql.SQL(changed[name]) if name in changed else sql.Identifier("t", name) for name in columns]
    statement = sql.SQL("INSERT INTO {table} ({columns}) SELECT {values} FROM {table} t JOIN grown ON {of}{order}")
    connection.execute(
        statement.format(
            table=sql.Identifier(table),
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            values=sql.SQL(", ").join(values),
            of=sql.SQL(of),
            order=sql.SQL(f" ORDER BY {order}" if order else ""),
        )
    )


def _count_anew(connection: psycopg.Connection[Any], institution: int) -> None:
    """Count the parts of the list, in builds that keep such counts."""
    found = connection.execute("SELECT to_regclass('predictions_listcount')").fetchone()
    if not found or found[0] is None:
        return
    connection.execute("DELETE FROM predictions_listcount WHERE institution_id = %s", [institution])
    connection.execute(
        "INSERT INTO predictions_listcount (institution_id, school_id, grade_level, tier, n, risk_sum)"
        " SELECT institution_id, school_id, grade_level, tier, count(*), sum(risk)"
        " FROM predictions_currentrisk WHERE institution_id = %s"
        " GROUP BY institution_id, school_id, grade_level, tier",
        [institution],
    )
