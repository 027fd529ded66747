"""The second wall: row-level security that refuses what a manager forgot. Migrations call these.

A policy of students is one CASE, never OR: PostgreSQL takes an OR it cannot know for one row in 200, four joined tables
for none, and reads a whole institution for a page of 50. Nor does it offer the institution as a condition for an index:
without statistics one institution counts as few rows, fewer than the fifty keys of a page. What reads many rows says
its institution itself, as every scoped manager does. See docs/decisions/0021.
"""

from __future__ import annotations

from django.db.migrations import RunSQL

_CURRENT = "nullif(current_setting('app.institution', true), '')::bigint"
_ELSEWHERE = f"institution_id IS DISTINCT FROM {_CURRENT}"
_EVERY_SCHOOL = "current_setting('app.schools', true) = '*'"
# Where the planner works out both arms at once, the star would not cast: it is taken out first.
_SCHOOLS = "string_to_array(nullif(nullif(current_setting('app.schools', true), ''), '*'), ',')::bigint[]"
_OWN_SCHOOL = f"school_id = ANY ({_SCHOOLS})"
# The inner query meets the student table's own policy, so a record is seen exactly where its student is.
_OWN_STUDENT = "EXISTS (SELECT 1 FROM students_student s WHERE s.id = student_id)"

_OWN_SCORE = "(score_id IS NULL OR EXISTS (SELECT 1 FROM predictions_riskscore r WHERE r.id = score_id))"

_USER = "nullif(current_setting('app.user', true), '')::bigint"
_ROLE = "nullif(current_setting('app.role', true), '')"
# Whoever is nobody reads what is for everybody alone: a comparison with nothing is not true.
_READER = (
    f"CASE WHEN visibility = 'all' THEN true WHEN author_id = {_USER} THEN true WHEN {_USER} = ANY (named) THEN true"
    f" WHEN visibility = 'role' THEN role = {_ROLE} ELSE false END"
)
# The inner query meets the policy of notes.
_OWN_NOTE = "EXISTS (SELECT 1 FROM students_note n WHERE n.id = note_id)"

_BY_INSTITUTION = f"institution_id = {_CURRENT}"
_BY_SCHOOL = f"CASE WHEN {_ELSEWHERE} THEN false WHEN {_EVERY_SCHOOL} THEN true ELSE {_OWN_SCHOOL} END"
_BY_STUDENT = f"CASE WHEN {_ELSEWHERE} THEN false WHEN {_EVERY_SCHOOL} THEN true ELSE {_OWN_STUDENT} END"

_BY_STUDENT_AND_READER = (
    f"CASE WHEN {_ELSEWHERE} THEN false WHEN ({_READER}) IS NOT TRUE THEN false"
    f" WHEN {_EVERY_SCHOOL} THEN true ELSE {_OWN_STUDENT} END"
)
_BY_STUDENT_AND_AUTHOR = (
    f"CASE WHEN {_ELSEWHERE} THEN false WHEN author_id IS DISTINCT FROM {_USER} THEN false"
    f" WHEN {_EVERY_SCHOOL} THEN true ELSE {_OWN_STUDENT} END"
)
_BY_NOTE = f"CASE WHEN {_ELSEWHERE} THEN false ELSE {_OWN_NOTE} END"


def by_institution(table: str) -> RunSQL:
    """Let a row be seen and written only within its institution."""
    return _policy(table, _BY_INSTITUTION)


def by_school(table: str) -> RunSQL:
    """Let a row be seen and written only within its institution and its own school."""
    return _policy(table, _BY_SCHOOL)


def by_student(table: str) -> RunSQL:
    """Let a row be seen and written only where its student is seen."""
    return _policy(table, _BY_STUDENT)


def by_student_and_reader(table: str) -> RunSQL:
    """Let a row be seen only where its student is, and by its readers; nobody writes one in somebody else's name.

    Readers are everybody, those of a role, or people by their keys (columns visibility, role, named); and the author.
    """
    return _policy(table, _BY_STUDENT_AND_READER, check=f"coalesce(author_id = {_USER}, true)")


def by_student_and_author(table: str) -> RunSQL:
    """Let a row be seen and written by its author alone, where its student is seen."""
    return _policy(table, _BY_STUDENT_AND_AUTHOR)


def by_note(table: str) -> RunSQL:
    """Let a row be seen where its note is; nobody writes one in somebody else's name."""
    return _policy(table, _BY_NOTE, check=f"coalesce(by_id = {_USER}, true)")


def by_student_and_score(table: str) -> RunSQL:
    """In place of by_student: let a row be written only where its score is seen too.

    The check comes before the one of the foreign key, which stands above row-level security. The table of scores is the
    largest: a key with the institution would want one more index of it.
    """
    changed = "ALTER POLICY in_scope ON {} USING ({}) WITH CHECK ({})"
    return RunSQL(
        sql=changed.format(table, _BY_STUDENT, f"{_BY_STUDENT} AND {_OWN_SCORE}"),
        reverse_sql=changed.format(table, _BY_STUDENT, _BY_STUDENT),
    )


def _policy(table: str, condition: str, *, check: str = "") -> RunSQL:
    checked = f"{condition} AND {check}" if check else condition
    return RunSQL(
        sql=[
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({checked})",
        ],
        reverse_sql=[f"DROP POLICY in_scope ON {table}", f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY"],
    )


# Policies made before they were written with CASE, told apart by what they still look at.
_REWRITE = f"""
DO $$
DECLARE
    policy record;
    wanted text;
BEGIN
    FOR policy IN SELECT tablename, qual FROM pg_policies
                  WHERE schemaname = 'public' AND policyname = 'in_scope' AND qual = with_check
                        -- What knows who asks has its form already, and more to say than one of these.
                        AND tablename NOT LIKE 'students_note%'
    LOOP
        wanted := CASE WHEN policy.qual LIKE '%students_student%' THEN $form${_BY_STUDENT}$form$
                       WHEN policy.qual LIKE '%app.schools%' THEN $form${_BY_SCHOOL}$form$
                       ELSE $form${_BY_INSTITUTION}$form$ END;
        EXECUTE format('ALTER POLICY in_scope ON %I USING (%s) WITH CHECK (%s)', policy.tablename, wanted, wanted);
    END LOOP;
END $$
"""  # noqa: S608 - put together from what stands above


def rewritten() -> RunSQL:
    """Give every policy there is the form that new ones have."""
    return RunSQL(sql=_REWRITE, reverse_sql=RunSQL.noop)


# A foreign key's own check stands above row-level security: it finds the other institution's row, and its error tells
# whether there is one. With the institution as part of the key there is nothing to find. Where a row must hold such a
# key, its institution exists too, and needs no key of its own.
_TIE = """
DO $$
DECLARE
    key record;
BEGIN
    FOR key IN
        SELECT c.conname AS name, c.conrelid::regclass AS holder, c.confrelid::regclass AS held,
               a.attname AS holder_key, k.attname AS held_key
        FROM pg_constraint c
        JOIN pg_attribute a ON (a.attrelid, a.attnum) = (c.conrelid, c.conkey[1])
        JOIN pg_attribute k ON (k.attrelid, k.attnum) = (c.confrelid, c.confkey[1])
        WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.connamespace = 'public'::regnamespace
          AND ({names} = '{{}}' OR c.conrelid::regclass::text = ANY ({names}))
          AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.conrelid AND attname = 'institution_id')
          AND EXISTS (SELECT 1 FROM pg_attribute WHERE attrelid = c.confrelid AND attname = 'institution_id')
          AND c.confrelid <> 'predictions_riskscore'::regclass
    LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_constraint
                       WHERE conrelid = key.held AND conname = key.held || '_within_institution') THEN
            EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I UNIQUE (%I, institution_id)',
                           key.held, key.held || '_within_institution', key.held_key);
        END IF;
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.holder, key.name);
        EXECUTE format('ALTER TABLE %s ADD CONSTRAINT %I FOREIGN KEY (%I, institution_id) '
                       'REFERENCES %s (%I, institution_id) DEFERRABLE INITIALLY DEFERRED',
                       key.holder, key.name, key.holder_key, key.held, key.held_key);
    END LOOP;
    FOR key IN
        SELECT c.conname AS name, c.conrelid::regclass AS holder
        FROM pg_constraint c JOIN pg_attribute a ON (a.attrelid, a.attnum) = (c.conrelid, c.conkey[1])
        WHERE c.contype = 'f' AND cardinality(c.conkey) = 1 AND c.connamespace = 'public'::regnamespace
          AND ({names} = '{{}}' OR c.conrelid::regclass::text = ANY ({names})) AND a.attname = 'institution_id'
          AND EXISTS (SELECT 1 FROM pg_constraint t
                      JOIN pg_attribute o ON (o.attrelid, o.attnum) = (t.conrelid, t.conkey[1])
                      WHERE t.conrelid = c.conrelid AND t.contype = 'f' AND cardinality(t.conkey) = 2 AND o.attnotnull)
    LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', key.holder, key.name);
    END LOOP;
END $$
"""


def key_of_the_list() -> RunSQL:
    """Let every row of the list be of a score's run, student and institution: one key in place of four."""
    name = "currentrisk_of_a_score"
    columns = "(run_id, student_id, institution_id)"
    return RunSQL(
        sql=f"ALTER TABLE predictions_currentrisk ADD CONSTRAINT {name} FOREIGN KEY {columns}"
        f" REFERENCES predictions_riskscore {columns} DEFERRABLE INITIALLY DEFERRED",
        reverse_sql=f"ALTER TABLE predictions_currentrisk DROP CONSTRAINT {name}",
    )


def keys_within_institution(*tables: str) -> RunSQL:
    """Let every foreign key of these tables hold only rows of the row's own institution; of all tables without any.

    A migration of its own, after the one that makes a table: Django adds keys when a migration ends. An older build
    keeps working with such keys, so there is no way back.
    """
    names = "ARRAY[{}]::text[]".format(", ".join(f"'{table}'" for table in tables))
    return RunSQL(sql=_TIE.format(names=names), reverse_sql=RunSQL.noop)
