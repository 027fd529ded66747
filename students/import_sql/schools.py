"""Which schools a file names: by their number, or by their name where no number fits; new ones where it brings them."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection

from students.changes import staging
from students.import_sql import statements
from students.import_sql.fact_tables import AT_SCHOOL
from students.import_sql.statements import fetch, run


def resolve(staged: staging.Staging, context: staging.Context) -> None:
    """Make file_schools: every number or name of a school in the file, with the school it means.

    What a list of schools or an enrolment names and nobody knows is a new school, its number its name until a list
    tells it. A mark or an absence at an unknown school makes none; its school stays null.
    """
    named = _named(staged)
    told = dict(fetch("SELECT school_id, min(name) FROM staged_schools GROUP BY 1")) if "schools" in named else {}
    stored = list(context.institution.schools.values_list("external_id", "name", "pk"))
    by_id = {external_id: pk for external_id, _name, pk in stored}
    new = {ref: _next_id() for ref in sorted(told) if ref not in by_id}
    by_name = _by_name([(name, pk) for _id, name, pk in stored] + [(told[ref], pk) for ref, pk in new.items()])
    by_id |= new
    for ref in sorted(named.get("enrolments", ())):
        if ref not in by_id and ref.casefold() not in by_name:
            by_id[ref] = new[ref] = _next_id()
    _write(
        (ref, by_id.get(ref, by_name.get(ref.casefold())), ref in new, told.get(ref, ref))
        for ref in sorted(set().union(*named.values()))
    )


def _named(staged: staging.Staging) -> dict[str, set[str]]:
    query = "SELECT DISTINCT school_id FROM {table} WHERE school_id IS NOT NULL"
    return {
        kind: {ref for (ref,) in fetch(query, table=staging.table_of(kind))}
        for kind in ("schools", "enrolments", *AT_SCHOOL)
        if kind in staged.kinds
    }


def _by_name(named: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Return the school of each name that only one has."""
    found: dict[str, set[int]] = {}
    for school, pk in named:
        found.setdefault(school.casefold(), set()).add(pk)
    return {school: next(iter(pks)) for school, pks in found.items() if len(pks) == 1}


def _next_id() -> int:
    return int(fetch("SELECT nextval(pg_get_serial_sequence('accounts_school', 'id'))")[0][0])


def _write(rows: Iterable[tuple[str, int | None, bool, str]]) -> None:
    statements.make(
        "file_schools", "SELECT ''::text AS ref, 0::bigint AS id, false AS is_new, ''::text AS name LIMIT 0"
    )
    with connection.cursor() as cursor:
        copy_in = "COPY file_schools (ref, id, is_new, name) FROM STDIN"
        with cursor.copy(copy_in) as copy:
            for row in rows:
                copy.write_row(row)
    run("ANALYZE file_schools")
