"""Policies that the planner can estimate, and keys that hold only rows of one institution, in all apps at once."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_links_and_ends"),
        ("jobs", "0002_most_attempts"),
        ("modeling", "0007_reports"),
        ("monitoring", "0002_row_security"),
        ("predictions", "0013_attendance_of_schools"),
        ("students", "0011_student_merges"),
    ]

    operations = [row_security.rewritten(), row_security.keys_within_institution()]
