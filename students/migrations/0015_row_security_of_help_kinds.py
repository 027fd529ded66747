"""Kinds of help are seen and written within their institution alone."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("students", "0014_help_kinds")]

    operations = [
        row_security.by_institution("students_helpkind"),
        row_security.keys_within_institution("students_helpkind"),
    ]
