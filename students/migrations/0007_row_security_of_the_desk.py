"""Row-level security on what staff plan for students and say is wrong on record."""

from django.db import migrations

from accounts import row_security

STUDENT = [
    "students_helpplan",
    "students_progresscheck",
    "students_helpend",
    "students_datacase",
    "students_datacasestep",
]


class Migration(migrations.Migration):
    dependencies = [("students", "0006_the_desk")]

    operations = [row_security.by_student(table) for table in STUDENT]
