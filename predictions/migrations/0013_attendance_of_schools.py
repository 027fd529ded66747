"""A school's attendance by week is kept beside the list, and added up for the lists there are."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import row_security

# 48 weeks back, as predictions.school_attendance does it when a list is made.
ADDED_UP = """
INSERT INTO predictions_schoolattendance (school_id, institution_id, n_students, until, missed)
SELECT listed.school_id, listed.institution_id, listed.n, run.as_of, coalesce(weekly.missed, '{}')
FROM (SELECT school_id, institution_id, run_id, count(*) AS n FROM predictions_currentrisk GROUP BY 1, 2, 3) listed
JOIN predictions_scoringrun run ON run.id = listed.run_id
LEFT JOIN LATERAL (
    SELECT jsonb_object_agg(week.starts_on, week.n) AS missed
    FROM (
        SELECT date_trunc('week', a.held_on)::date AS starts_on, sum(a.n_sessions) AS n
        FROM predictions_currentrisk c JOIN students_attendancerecord a ON a.student_id = c.student_id
        WHERE c.school_id = listed.school_id AND a.category = 'absent' AND a.replaced_on IS NULL
          AND a.held_on BETWEEN run.as_of - 336 AND run.as_of
        GROUP BY 1
    ) week
) weekly ON true
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_links_and_ends"), ("predictions", "0012_one_key_of_the_list")]

    operations = [
        migrations.CreateModel(
            name="SchoolAttendance",
            fields=[
                (
                    "school",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.school",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.institution",
                    ),
                ),
                ("n_students", models.PositiveIntegerField()),
                ("until", models.DateField()),
                ("missed", models.JSONField(default=dict)),
            ],
        ),
        migrations.RunSQL(ADDED_UP, migrations.RunSQL.noop),
        row_security.by_school("predictions_schoolattendance"),
    ]
