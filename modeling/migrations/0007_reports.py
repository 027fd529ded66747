import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.public_ids
from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("jobs", "0002_most_attempts"),
        ("modeling", "0006_tuning"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="EdaReport",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "public_id",
                    models.UUIDField(default=accounts.public_ids.new_public_id, editable=False, unique=True),
                ),
                ("content", models.JSONField(default=dict)),
                ("html", models.TextField(blank=True, default="")),
                ("created_at", models.DateTimeField()),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "dataset",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="eda_reports",
                        to="modeling.dataset",
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="eda_report", to="jobs.job"
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at", "-pk"],
            },
        ),
        row_security.by_institution("modeling_edareport"),
    ]
