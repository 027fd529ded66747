import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_audit_of_one_subject"),
        ("students", "0013_notes_of_caseloads"),
    ]

    operations = [
        migrations.CreateModel(
            name="HelpKind",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=40)),
                ("label", models.CharField(max_length=100)),
                ("tier", models.PositiveSmallIntegerField()),
                ("usual_days", models.PositiveSmallIntegerField()),
                ("check_every_days", models.PositiveSmallIntegerField(null=True)),
                ("what_for", models.CharField(blank=True, max_length=300)),
                ("evidence_note", models.CharField(blank=True, max_length=300)),
                ("retired_at", models.DateTimeField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "code"), name="one_help_kind_per_code"),
                    models.UniqueConstraint(
                        models.F("institution"),
                        django.db.models.functions.text.Lower("label"),
                        name="one_help_kind_per_label",
                    ),
                    models.CheckConstraint(condition=models.Q(("tier__in", (1, 2, 3))), name="help_kind_tier_known"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("usual_days__gte", 1),
                            models.Q(("check_every_days", None), ("check_every_days__gte", 1), _connector="OR"),
                        ),
                        name="help_kind_takes_days",
                    ),
                ],
            },
        ),
    ]
