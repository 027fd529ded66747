"""What the role that runs web and workers cannot do, whatever the code tries."""

import pytest
from django.db import ProgrammingError, connection, transaction

from dropout_portal.database_roles import APPEND_ONLY

HISTORY = (
    "accounts_auditentry",
    "students_outcome",
    "modeling_promotion",
    "modeling_ruleset",
    "modeling_modelswitch",
    "predictions_riskscore",
    "predictions_predictionlog",
    "students_progresscheck",
    "students_helpend",
    "students_datacasestep",
    "students_casestep",
    "students_concernstep",
    "students_note",
    "students_noterevision",
    "predictions_teamcapacity",
    "predictions_verdict",
)


def answer(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return cursor.fetchone()[0]


def refusal(sql):
    with pytest.raises(ProgrammingError) as caught, transaction.atomic():
        answer(sql)
    return str(caught.value)


def test_tests_run_as_the_application_role(db):
    assert answer("SELECT current_user") == "portal_app"


def test_the_application_owns_nothing(db):
    in_public = "relnamespace = 'public'::regnamespace"

    assert answer(f"SELECT count(*) FROM pg_class WHERE relowner = current_user::regrole AND {in_public}") == 0
    assert answer("SELECT count(*) FROM pg_proc WHERE proowner = current_user::regrole") == 0


@pytest.mark.parametrize("power", ["rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb", "rolreplication"])
def test_the_application_has_no_power_over_the_server(db, power):
    assert answer(f"SELECT {power} FROM pg_roles WHERE rolname = current_user") is False


def test_the_application_is_member_of_no_other_role(db):
    assert answer("SELECT count(*) FROM pg_auth_members WHERE member = current_user::regrole") == 0


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE mine (a int)",
        "ALTER TABLE students_student DISABLE ROW LEVEL SECURITY",
        "DROP POLICY in_scope ON students_student",
        "ALTER TABLE students_student RENAME TO pupils",
        "TRUNCATE students_student",
        "DROP TABLE accounts_auditentry",
        "SET ROLE portal_owner",
    ],
)
def test_the_schema_is_out_of_reach(db, sql):
    assert any(words in refusal(sql) for words in ("permission denied", "must be owner"))


@pytest.mark.parametrize("table", HISTORY)
@pytest.mark.parametrize("deed", ["DELETE FROM {}", "UPDATE {} SET id = id"])
def test_history_is_not_rewritten(db, table, deed):
    assert f"permission denied for table {table}" in refusal(deed.format(table))


def test_the_list_of_history_is_the_one_that_is_granted():
    assert set(APPEND_ONLY) == set(HISTORY)


@pytest.mark.parametrize(
    "deed",
    [
        "DELETE FROM django_migrations",
        "UPDATE django_migrations SET app = app",
        "INSERT INTO django_migrations (app, name, applied) VALUES ('students', '9999', now())",
    ],
)
def test_the_record_of_migrations_is_read_only(db, deed):
    assert "permission denied" in refusal(deed)
