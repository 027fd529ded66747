"""The second wall: what a manager forgot, the database refuses."""

import pytest
from django.apps import apps
from django.db import ProgrammingError, connection, transaction

from accounts import scope
from accounts.models import AuditEntry
from students.models import Student
from tests import rows

# Tables with an institution that stand outside of row-level security, each with its reason.
OPEN_TABLES = {
    "accounts_school": "names of schools; the scope itself is made of them",
    "accounts_membership": "read before there is a scope, to make one",
    "accounts_apiclient": "found by the hash of its key, before there is a scope",
    "jobs_job": "claimed and swept across institutions; holds no student data",
}
GUARDED = [
    model
    for model in apps.get_models()
    if any(field.name == "institution" for field in model._meta.local_fields)
    and model._meta.db_table not in OPEN_TABLES
]
BY_STUDENT = [
    model
    for model in GUARDED
    if model is not Student and any(field.name == "student" for field in model._meta.local_fields)
]


def count(model):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {model._meta.db_table}")
        return cursor.fetchone()[0]


def made(model, institution, **given):
    with scope.entered(scope.of_institution(institution)):
        return rows.sound(model, institution=institution, **given)


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


@pytest.mark.parametrize("model", GUARDED, ids=lambda model: model._meta.label)
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
        cursor.execute("SELECT current_setting('app.institution', true), current_setting('app.schools', true)")
        left = cursor.fetchone()

    assert inside == 1
    assert not any(left)
    assert count(Student) == 0


def test_an_audit_entry_cannot_be_written_for_another_institution(riverside, elsewhere):
    with (
        pytest.raises(ProgrammingError, match="row-level security"),
        scope.entered(scope.of_institution(riverside)),
    ):
        rows.sound(AuditEntry, institution=elsewhere)
