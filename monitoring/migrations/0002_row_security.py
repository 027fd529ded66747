"""Row-level security on the tables of this app."""

from django.db import migrations

from accounts import row_security

INSTITUTION = ["monitoring_driftreport", "monitoring_featuredrift"]
SCHOOL = []
STUDENT = []


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]

    operations = [
        *[row_security.by_institution(table) for table in INSTITUTION],
        *[row_security.by_school(table) for table in SCHOOL],
        *[row_security.by_student(table) for table in STUDENT],
    ]
