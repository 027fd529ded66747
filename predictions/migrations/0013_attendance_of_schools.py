"""A school's attendance by week is kept beside the list; empty until the next list is made."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_links_and_ends"), ("predictions", "0012_one_key_of_the_list")]

    operations = [
        migrations.CreateModel(
            name="SchoolAttendance",
            fields=[
                (
                    "school",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="accounts.school",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.institution",
                    ),
                ),
                ("n_students", models.PositiveIntegerField()),
                ("until", models.DateField()),
                ("missed", models.JSONField(default=dict)),
            ],
        ),
        row_security.by_school("predictions_schoolattendance"),
    ]
