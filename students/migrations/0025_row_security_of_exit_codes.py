"""What exit codes count as is seen and said within an institution alone."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("students", "0024_exit_codes")]

    operations = [
        row_security.by_institution("students_exitcode"),
        row_security.keys_within_institution("students_exitcode"),
    ]
