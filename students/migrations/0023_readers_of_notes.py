"""Notes are read by their readers, drafts by who writes them; both go along when two students are one child.

Whoever puts students together cannot read what is for others, and nobody may change a note. So two functions run as the
owner of the tables. They move rows between two students whom the person in scope sees, and tell keys alone: who reads a
row stays the same.
"""

from django.db import migrations

from accounts import row_security

GIVEN = """
CREATE FUNCTION {table}_given(giver bigint, taker bigint, chosen bigint[]) RETURNS bigint[]
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
WITH in_sight AS (
    SELECT count(*) AS n FROM public.students_student s
    WHERE s.id IN (giver, taker)
    AND s.institution_id = nullif(current_setting('app.institution', true), '')::bigint
    AND CASE WHEN current_setting('app.schools', true) = '*' THEN true
        ELSE s.school_id = ANY (string_to_array(
            nullif(nullif(current_setting('app.schools', true), ''), '*'), ',')::bigint[]) END
), given AS (
    UPDATE public.{table} t SET student_id = taker
    WHERE t.student_id = giver AND (chosen IS NULL OR t.id = ANY (chosen)) AND (SELECT n FROM in_sight) = 2{unless}
    RETURNING t.id
)
SELECT coalesce(array_agg(id ORDER BY id), '{{}}') FROM given
$$
"""
# One draft of a person and student: where there are two, each stays.
UNLESS = (
    " AND NOT EXISTS (SELECT FROM public.students_notedraft d WHERE d.student_id = taker AND d.author_id = t.author_id)"
)


class Migration(migrations.Migration):
    dependencies = [("students", "0022_notes")]

    operations = [
        row_security.by_student_and_reader("students_note"),
        row_security.by_note("students_noterevision"),
        row_security.by_student_and_author("students_notedraft"),
        row_security.keys_within_institution("students_note", "students_noterevision", "students_notedraft"),
        *[
            migrations.RunSQL(
                GIVEN.format(table=table, unless=unless), f"DROP FUNCTION {table}_given(bigint, bigint, bigint[])"
            )
            for table, unless in (("students_note", ""), ("students_notedraft", UNLESS))
        ],
    ]
