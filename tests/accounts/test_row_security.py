"""The second wall: what a manager forgot, the database refuses."""

import pytest
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction

from accounts import row_security, scope
from accounts.models import AuditEntry
from students.models import Student
from tests import databases, rows

# Tables with an institution that stand outside of row-level security, each with its reason.
OPEN_TABLES = {
    "accounts_school": "names of schools; the scope itself is made of them",
    "accounts_membership": "read before there is a scope, to make one",
    "accounts_apiclient": "found by the hash of its key, before there is a scope",
    "jobs_job": "claimed and swept across institutions; holds no student data",
}
WITH_INSTITUTION = [
    model for model in apps.get_models() if any(field.name == "institution" for field in model._meta.local_fields)
]
# Read by their author alone: tests/students/test_notes.py.
BY_A_JOB = [
    model
    for model in WITH_INSTITUTION
    if model._meta.db_table not in OPEN_TABLES and model._meta.label not in rows.OF_THEIR_AUTHOR
]
GUARDED = [model for model in WITH_INSTITUTION if model._meta.db_table not in OPEN_TABLES]
# One key checks the others of the list's rows, and this one follows from them.
UNCHECKED = {"predictions.CurrentRisk.score"}
# Guarded by the policy, which is asked before the key is checked.
BY_POLICY = {"predictions.Verdict.score", "students.NoteRevision.note", "students.NoteDraft.student"}
# Every key from one of these tables to another.
KEYS = [
    (model, field)
    for model in WITH_INSTITUTION
    for field in model._meta.local_fields
    if field.is_relation and field.related_model in WITH_INSTITUTION and str(field) not in UNCHECKED
]
NOBODY = 2**40
BY_STUDENT = [
    model
    for model in BY_A_JOB
    if model is not Student and any(field.name == "student" for field in model._meta.local_fields)
]


def count(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
        return cursor.fetchone()[0]


def made(model, institution, **given):
    with scope.entered(scope.of_institution(institution)):
        return rows.sound(model, institution=institution, **given)


def refusal_of(model, institution, **given):
    values = rows.values(model, institution=institution, **given)
    with pytest.raises((IntegrityError, ProgrammingError)) as caught, transaction.atomic():
        stored(model, values)
    return str(caught.value)


def stored(model, values):
    model._base_manager.bulk_create([model(**values)])
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def test_every_table_with_an_institution_has_row_level_security_or_a_reason(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, c.relrowsecurity, (SELECT count(*) FROM pg_policies p WHERE p.tablename = c.relname)"
            " FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
            " WHERE a.attname = 'institution_id' AND c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace"
        )
        without = {name for name, is_on, n_policies in cursor.fetchall() if not (is_on and n_policies == 1)}

    assert without == set(OPEN_TABLES)


def test_every_table_that_points_at_students_has_an_institution(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text FROM pg_constraint"
            " WHERE contype = 'f' AND confrelid = 'students_student'::regclass"
        )
        pointing = {name for (name,) in cursor.fetchall()}

    assert pointing <= {model._meta.db_table for model in GUARDED}


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model._meta.label)
def test_without_settings_no_row_is_seen(model, riverside):
    made(model, riverside)

    assert count(model) == 0


@pytest.mark.parametrize("model", BY_A_JOB, ids=lambda model: model._meta.label)
def test_another_institution_sees_no_row(model, riverside, elsewhere):
    made(model, riverside)

    with scope.entered(scope.of_institution(elsewhere)):
        theirs = count(model), model._base_manager.count()
    with scope.entered(scope.of_institution(riverside)):
        ours = count(model)

    assert (theirs, ours) == ((0, 0), 1)


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model._meta.label)
def test_a_row_for_another_institution_is_refused(model, riverside, elsewhere):
    with scope.entered(scope.of_institution(riverside)):
        values = rows.values(model, institution=riverside)

    with (
        pytest.raises(ProgrammingError, match=f'row-level security policy for table "{model._meta.db_table}"'),
        scope.entered(scope.of_institution(elsewhere)),
    ):
        model._base_manager.bulk_create([model(**values)])


@pytest.mark.parametrize("model", BY_STUDENT, ids=lambda model: model._meta.label)
def test_a_counsellor_sees_rows_of_her_own_schools_alone(model, amara, nora, hugo):
    for student in (nora, hugo):
        given = {"school": student.school} if "school" in {field.name for field in model._meta.fields} else {}
        made(model, student.institution, student=student, **given)

    with scope.entered(scope.of_membership(amara.memberships.get())):
        seen = set(model._base_manager.values_list("student_id", flat=True))

    assert seen == {nora.pk}


def test_a_counsellor_cannot_add_a_student_to_another_school(amara, harbor):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope.entered(scope.of_membership(amara.memberships.get())),
    ):
        rows.student(harbor)


def test_a_counsellor_cannot_move_a_student_out_of_sight(amara, nora, harbor):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope.entered(scope.of_membership(amara.memberships.get())),
    ):
        Student._base_manager.filter(pk=nora.pk).update(school=harbor)


def test_a_counsellor_without_schools_sees_no_row(amara, nora):
    amara.memberships.get().schools.clear()

    with scope.entered(scope.of_membership(amara.memberships.get())):
        assert count(Student) == 0


def test_the_settings_end_with_the_transaction(transactional_db, riverside, nora):
    with scope.entered(scope.of_institution(riverside)):
        inside = count(Student)

    with transaction.atomic(), connection.cursor() as cursor:
        names = ("institution", "schools", "user", "role")
        cursor.execute("SELECT " + ", ".join(f"current_setting('app.{name}', true)" for name in names))
        left = cursor.fetchone()

    assert inside == 1
    assert not any(left)
    assert count(Student) == 0


@pytest.mark.parametrize(("model", "key"), KEYS, ids=lambda part: getattr(part, "name", None) or part._meta.label)
def test_a_key_holds_no_row_of_another_institution_and_does_not_tell_of_it(model, key, riverside, elsewhere):
    with scope.entered(scope.of_institution(elsewhere)):
        theirs = rows.sound(key.related_model, institution=elsewhere)

    with scope.entered(scope.of_institution(riverside)):
        with_it = {"replaced_on": rows.DAY} if key.name == "replaced_by" else {}
        told = [refusal_of(model, riverside, **{key.attname: pk}, **with_it) for pk in (theirs.pk, NOBODY)]

    assert ("row-level security" if str(key) in BY_POLICY else "violates foreign key constraint") in told[0]
    assert told[0] == told[1]


def test_no_key_between_tables_with_an_institution_leaves_it_out(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conname FROM pg_constraint c WHERE c.contype = 'f' AND cardinality(c.conkey) = 1"
            " AND c.connamespace = 'public'::regnamespace AND 2 = (SELECT count(*)"
            " FROM unnest(ARRAY[c.conrelid, c.confrelid]) side JOIN pg_attribute a ON a.attrelid = side"
            " WHERE a.attname = 'institution_id')"
        )
        found = cursor.fetchall()

    assert [name for (name,) in found if "predictions_verdict_score_id" not in name] == []


def test_every_institution_of_a_row_is_one_there_is(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.conrelid::regclass::text FROM pg_constraint c WHERE c.contype = 'f' AND EXISTS"
            " (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)"
            " AND a.attname = 'institution_id') AND (SELECT bool_and(a.attnotnull) FROM pg_attribute a"
            " WHERE a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey))"
        )
        held = {name for (name,) in cursor.fetchall()}

    assert {model._meta.db_table for model in WITH_INSTITUTION} <= held


def policies(owner):
    return dict(owner.execute("SELECT tablename, qual FROM pg_policies WHERE policyname = 'in_scope'").fetchall())


def test_policies_in_their_old_form_are_written_anew(migrated_database):
    every_school = "current_setting('app.schools', true) = '*'"
    in_sight = "EXISTS (SELECT 1 FROM students_student s WHERE s.id = student_id)"
    old = {
        "students_student": f"institution_id = 1 AND ({every_school} OR school_id = 1)",
        "students_outcome": f"institution_id = 1 AND ({every_school} OR {in_sight})",
        "students_upload": "institution_id = 1",
    }
    with databases.fresh("test_policies", template=migrated_database) as name, databases.as_owner(name) as owner:
        new = policies(owner)
        for table, condition in old.items():
            owner.execute(f"ALTER POLICY in_scope ON {table} USING ({condition}) WITH CHECK ({condition})")
        assert policies(owner) != new
        owner.execute(row_security.rewritten().sql)

        assert policies(owner) == new


def test_no_policy_asks_for_every_school_with_or(db):
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename, qual FROM pg_policies WHERE qual LIKE '%app.schools%'")
        found = dict(cursor.fetchall())

    assert found
    assert {table for table, qual in found.items() if " OR " in qual or "CASE" not in qual} == set()


def test_an_audit_entry_cannot_be_written_for_another_institution(riverside, elsewhere):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope.entered(scope.of_institution(riverside)),
    ):
        rows.sound(AuditEntry, institution=elsewhere)
