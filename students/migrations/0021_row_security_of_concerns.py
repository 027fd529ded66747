"""Concerns and how they were closed are seen and written where their student is seen."""

from django.db import migrations

from accounts import row_security

TABLES = ("students_concern", "students_concernstep")


class Migration(migrations.Migration):
    dependencies = [("students", "0020_concerns")]

    operations = [
        *[row_security.by_student(table) for table in TABLES],
        row_security.keys_within_institution(*TABLES),
    ]
