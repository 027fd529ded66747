from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit_of_one_subject"),
        ("students", "0015_row_security_of_help_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="helpplan",
            name="attendance_goal",
            field=models.PositiveSmallIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="helpplan",
            name="attendance_goal_by",
            field=models.DateField(null=True),
        ),
        migrations.AddConstraint(
            model_name="helpplan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("attendance_goal", None), ("attendance_goal_by", None)),
                    models.Q(
                        ("attendance_goal__isnull", False),
                        ("attendance_goal__range", (1, 100)),
                        ("attendance_goal_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="help_goal_has_percent_and_day",
            ),
        ),
    ]
