"""Row-level security on the tables of this app."""

from django.db import migrations

from accounts import row_security

INSTITUTION = ["predictions_scoringrun", "predictions_predictionlog"]
SCHOOL = ["predictions_currentrisk"]
STUDENT = ["predictions_riskscore"]


class Migration(migrations.Migration):
    dependencies = [("predictions", "0001_initial"), ("students", "0002_row_security")]

    operations = [
        *[row_security.by_institution(table) for table in INSTITUTION],
        *[row_security.by_school(table) for table in SCHOOL],
        *[row_security.by_student(table) for table in STUDENT],
    ]
