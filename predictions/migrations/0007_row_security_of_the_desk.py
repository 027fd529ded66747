"""Row-level security on verdicts and on what staff can see in a fortnight."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("predictions", "0006_the_desk"), ("students", "0007_row_security_of_the_desk")]

    operations = [
        row_security.by_institution("predictions_teamcapacity"),
        row_security.by_student("predictions_verdict"),
    ]
