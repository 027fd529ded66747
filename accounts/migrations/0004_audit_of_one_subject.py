"""Entries about one student are found by a column of their own; an index of the array serves no reader."""

from django.db import migrations, models

SUBJECTS = "UPDATE accounts_auditentry SET subject_id = subject_ids[1] WHERE cardinality(subject_ids) = 1"


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_links_and_ends")]

    operations = [
        migrations.AddField("auditentry", "subject_id", models.UUIDField(null=True)),
        migrations.RunSQL(SUBJECTS, migrations.RunSQL.noop),
        migrations.RemoveIndex("auditentry", "audit_by_subject"),
        migrations.AddIndex(
            "auditentry",
            models.Index(
                fields=["institution", "subject_id", "-at"],
                condition=models.Q(subject_id__isnull=False),
                name="audit_of_one_subject",
            ),
        ),
    ]
