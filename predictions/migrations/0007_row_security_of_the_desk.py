"""Row-level security on lists, verdicts and meetings."""

from django.db import migrations

from accounts import row_security

INSTITUTION = [
    "predictions_teamcapacity",
    "predictions_savedfilter",
    "predictions_localhistory",
    "predictions_meeting",
    "predictions_helplot",
    "predictions_digest",
]
SCHOOL = ["predictions_listplace"]
STUDENT = [
    "predictions_verdict",
    "predictions_meetingitem",
    "predictions_meetingdecision",
    "predictions_meetinghelp",
]


class Migration(migrations.Migration):
    dependencies = [("predictions", "0006_the_desk"), ("students", "0007_row_security_of_the_desk")]

    operations = [
        *[row_security.by_institution(table) for table in INSTITUTION],
        *[row_security.by_school(table) for table in SCHOOL],
        *[row_security.by_student(table) for table in STUDENT],
    ]
