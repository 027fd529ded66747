"""People and memberships get public ids; a membership can be ended at once, and can wait for its person's link."""

from django.db import migrations, models

import accounts.public_ids


def give_public_ids(apps, schema_editor):
    for name in ("User", "Membership"):
        for row in apps.get_model("accounts", name).objects.using(schema_editor.connection.alias).iterator():
            row.public_id = accounts.public_ids.new_public_id()
            row.save(update_fields=["public_id"])


def _ids(name: str) -> list[object]:
    return [migrations.AddField(name, "public_id", models.UUIDField(null=True, editable=False))]


def _unique(name: str) -> migrations.AlterField:
    field = models.UUIDField(default=accounts.public_ids.new_public_id, unique=True, editable=False)
    return migrations.AlterField(name, "public_id", field)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_row_security")]

    operations = [
        migrations.AddField("membership", "ended_at", models.DateTimeField(blank=True, null=True)),
        migrations.AddField("membership", "invited_as", models.CharField(blank=True, default="", max_length=150)),
        migrations.AddField("membership", "awaits_link", models.BooleanField(default=False)),
        migrations.AddField("membership", "link_made_at", models.DateTimeField(blank=True, null=True)),
        *_ids("user"),
        *_ids("membership"),
        migrations.RunPython(give_public_ids, migrations.RunPython.noop),
        _unique("user"),
        _unique("membership"),
    ]
