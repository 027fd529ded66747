import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_mornings"),
        ("students", "0023_readers_of_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ExitCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("plain", models.CharField(max_length=200)),
                ("code", models.CharField(max_length=60)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("dropped_out", "Left before finishing"),
                            ("graduated", "Finished"),
                            ("continued", "Continued"),
                            ("transferred", "Moved to another school"),
                            ("died", "Died"),
                            ("unknown", "Not known"),
                        ],
                        max_length=20,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("changed_at", models.DateTimeField()),
                (
                    "changed_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("institution", "plain"), name="one_exit_code_per_word"),
                    models.CheckConstraint(
                        condition=models.Q(("plain", ""), _negated=True), name="exit_code_is_a_word"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind__in", ["dropped_out", "graduated", "continued", "transferred", "died", "unknown"])
                        ),
                        name="exit_code_kind_known",
                    ),
                ],
            },
        ),
    ]
