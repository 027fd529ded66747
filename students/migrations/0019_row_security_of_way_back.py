"""Cases of the way back are seen and written where their student is; deadlines within their institution."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("students", "0018_way_back")]

    operations = [
        row_security.by_student("students_reengagementcase"),
        row_security.by_student("students_casestep"),
        row_security.by_institution("students_waybackdeadlines"),
        row_security.keys_within_institution(
            "students_reengagementcase", "students_casestep", "students_waybackdeadlines"
        ),
    ]
