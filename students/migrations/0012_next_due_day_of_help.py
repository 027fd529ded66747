"""The day on which something about help is due next is kept with its plan, and found by an index."""

from django.db import migrations, models

DUE = """
UPDATE students_helpplan p
SET next_due = least(
    p.due_on,
    coalesce((SELECT max(c.checked_on) FROM students_progresscheck c WHERE c.intervention_id = i.id), i.started_on)
        + p.check_every_days
)
FROM students_intervention i
WHERE i.id = p.intervention_id
  AND NOT EXISTS (SELECT 1 FROM students_helpend e WHERE e.intervention_id = p.intervention_id)
"""


class Migration(migrations.Migration):
    dependencies = [("students", "0011_student_merges")]

    operations = [
        migrations.AddField("helpplan", "next_due", models.DateField(null=True)),
        migrations.RunSQL(DUE, migrations.RunSQL.noop),
        migrations.RemoveIndex("helpplan", "help_plan_by_due_day"),
        migrations.AddIndex(
            "helpplan", models.Index(fields=["institution", "next_due"], name="help_plan_by_next_due_day")
        ),
    ]
