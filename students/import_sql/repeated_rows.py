"""The same record twice in one file: counted once where the values agree, told where they do not."""

from __future__ import annotations

from typing import LiteralString

from psycopg import sql

from students.changes import staging
from students.import_sql import findings, statements
from students.import_sql.fact_tables import staged_columns
from students.import_sql.statements import each, fetch, fragment, joined, name, run
from students.importing.record_kinds import kinds

RULE = "same_student_twice"

# Sorting ten million numbers is several times cheaper than sorting ten million rows, and nearly no file repeats itself.
_REPEATS: LiteralString = "SELECT count(*) - count(DISTINCT {number}) FROM {table} WHERE {counted}"
_REPEATED: LiteralString = """
SELECT place, file, line, first_file, first_line, is_same, named FROM (
    SELECT ctid AS place, file, line, {named} AS named, row_number() OVER of_key AS nth,
           first_value(file) OVER of_key AS first_file, first_value(line) OVER of_key AS first_line,
           ROW({compared}) IS NOT DISTINCT FROM first_value(ROW({compared})) OVER of_key AS is_same
    FROM {table}
    WHERE {counted} AND {number} IN (SELECT {number} FROM {table} WHERE {counted} GROUP BY 1 HAVING count(*) > 1)
    WINDOW of_key AS (PARTITION BY {number} ORDER BY file, line, ctid)
) numbered WHERE nth > 1
"""
_FOUND: LiteralString = """
SELECT {kind}, r.file, r.line, {column}, r.named, {rule},
       'line ' || r.first_line || CASE WHEN r.first_file <> r.file THEN ' of ' || f.name ELSE '' END
FROM file_repeated r JOIN (VALUES {files}) f (number, name) ON f.number = r.first_file
WHERE r.is_same = {is_same}
"""
# A child told twice, once in capitals, is told the same twice.
_SAID: dict[str, LiteralString] = {"given_name": "lower({n})", "family_name": "lower({n})"}


def drop(staged: staging.Staging, context: staging.Context, kind: str) -> None:
    """Take rows out of a kind's table that repeat an earlier row of the file."""
    by_name = staged_columns(kind)
    key = [column for column in kinds()[kind].key if column in by_name]
    compared = [column for column in by_name if column not in ("student_id", "known_on")]
    found = _find(
        staged,
        context,
        kind=kind,
        table=staging.table_of(kind),
        number=_number(key, has_source_id="source_id" in by_name),
        compared=compared,
        named="student_id" if "student_id" in by_name else key[0],
    )
    if found:
        run("DELETE FROM {table} t USING file_repeated r WHERE t.ctid = r.place", table=staging.table_of(kind))


def drop_enrolments(staged: staging.Staging, context: staging.Context) -> None:
    """Take enrolments out that repeat an earlier one, once days that the file leaves open are filled in."""
    found = _find(
        staged,
        context,
        kind="enrolments",
        table=name("file_told_enrolments"),
        number=_number(["student", "school", "entered_on"]),
        compared=["grade_level", "exited_on", "exit_reason"],
        named="student_id",
    )
    if found:
        run(
            "DELETE FROM staged_enrolments t USING file_told_enrolments o JOIN file_repeated r ON r.place = o.ctid"
            " WHERE t.ctid = o.staged_row"
        )
        run("DELETE FROM file_told_enrolments o USING file_repeated r WHERE o.ctid = r.place")


def _find(
    staged: staging.Staging,
    context: staging.Context,
    *,
    kind: str,
    table: sql.Composable,
    number: sql.Composable,
    compared: list[str],
    named: str,
) -> int:
    # A row that says "present" is never stored, so it may stand there once for every lesson.
    counted = fragment("category <> 'present'" if kind == "attendance" else "true")
    n_same = staged.n_same_key.get(kind)
    if n_same is None:
        n_same = fetch(_REPEATS, number=number, table=table, counted=counted)[0][0]
    if not n_same:
        return 0
    n_found = statements.make(
        "file_repeated",
        _REPEATED,
        number=number,
        table=table,
        counted=counted,
        compared=joined(", ", [fragment(_SAID.get(column, "{n}"), n=name(column)) for column in compared]),
        named=fragment("{n}::text", n=name(named)),
    )
    severity = context.severity(RULE)
    for is_same, how in ((True, "off" if severity == "off" else "warn"), (False, severity)):
        n_kept = findings.keep(
            how,
            _FOUND,
            kind=sql.Literal(kind),
            column=sql.Literal(named),
            rule=sql.Literal(RULE),
            files=staged.listed_files(),
            is_same=sql.Literal(is_same),
        )
        n_refused = n_kept if how == "refuse" else 0
    # What is refused is bad; what merely repeats another row is as unchanged as that row would be the second time.
    staged.n_repeated[kind] += n_found - n_refused
    return n_found


def _number(key: list[str], *, has_source_id: bool = False) -> sql.Composed:
    by_key = fragment("hash_record_extended(ROW({key}), 0)", key=each("{n}", key))
    if not has_source_id:
        return by_key
    return fragment(
        "CASE WHEN source_id IS NULL THEN {by_key} ELSE hash_record_extended(ROW(student_id, source_id), 1) END",
        by_key=by_key,
    )
