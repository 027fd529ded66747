"""Two database roles: the owner migrates; portal_app runs web and workers, owns nothing, and rewrites no history."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import connections

APPLICATION_ROLE = "portal_app"

# Rows of these tables are added, never changed. What must be erased by law is erased by the owner.
APPEND_ONLY = (
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


class MigrateAsOwner:
    """Allow schema changes on the `owner` connection alone."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool:
        """Refuse migrations on the application's connection wherever an owner is configured."""
        return db == "owner" or "owner" not in settings.DATABASES


def grant(*, owner: str = "owner") -> None:
    """Give portal_app what it needs of every table, and no way to change what is append-only."""
    statements = [
        f"GRANT USAGE ON SCHEMA public TO {APPLICATION_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APPLICATION_ROLE}",
        f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {APPLICATION_ROLE}",
        f"REVOKE INSERT, UPDATE, DELETE ON django_migrations FROM {APPLICATION_ROLE}",
        *[f"REVOKE UPDATE, DELETE ON {table} FROM {APPLICATION_ROLE}" for table in APPEND_ONLY],
        # A step goes along with its student where two numbers are merged.
        f"GRANT UPDATE (student_id) ON students_casestep TO {APPLICATION_ROLE}",
        # What stands on record under a kind of help keeps its name.
        f"REVOKE DELETE ON students_helpkind FROM {APPLICATION_ROLE}",
        # What an exit code counts as may change, but it is never unsaid.
        f"REVOKE DELETE ON students_exitcode FROM {APPLICATION_ROLE}",
        # Of a model only its standing may change, never what it is made of.
        f"REVOKE UPDATE, DELETE ON modeling_modelversion FROM {APPLICATION_ROLE}",
        f"GRANT UPDATE (is_champion, is_challenger, promoted_at, promoted_by_id, mlflow_run_id, mlflow_alias)"
        f" ON modeling_modelversion TO {APPLICATION_ROLE}",
    ]
    with connections[owner].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
