"""Give the uploads so far their stage, and the new tables their row-level security."""

from django.db import migrations

from accounts import row_security

STAGES = """
UPDATE students_upload u
SET stage = CASE WHEN j.state = 'done' THEN 'done' WHEN j.state = 'failed' THEN 'refused' ELSE 'checking' END,
    merged_at = CASE WHEN j.state = 'done' THEN j.finished_at END,
    format = 'cohort',
    n_bad_rows = u.n_errors
FROM jobs_job j WHERE j.id = u.job_id
"""


class Migration(migrations.Migration):
    dependencies = [("students", "0003_versions_and_sources")]

    operations = [
        migrations.RunSQL(STAGES, migrations.RunSQL.noop),
        *[
            row_security.by_institution(table)
            for table in ("students_source", "students_importsettings", "students_columnarpartition")
        ],
        row_security.by_student("students_previousstudent"),
    ]
