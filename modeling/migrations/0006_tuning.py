"""Searches for better settings of the trees."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.public_ids
from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("jobs", "0002_most_attempts"),
        ("modeling", "0005_mlflow_alias"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TuningStudy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=accounts.public_ids.new_public_id, editable=False, unique=True)),
                ("config_yaml", models.TextField()),
                ("method", models.CharField(choices=[("optuna", "Optuna"), ("grid", "Grid")], max_length=10)),
                ("n_trials", models.PositiveIntegerField()),
                ("minutes", models.FloatField()),
                ("split", models.JSONField(default=dict)),
                ("stop_asked_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                ("finished_at", models.DateTimeField(null=True)),
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
                        related_name="tuning_studies",
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
                    "training_run",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tuning_studies",
                        to="modeling.trainingrun",
                    ),
                ),
            ],
            options={
                "ordering": ["-created_at"],
            },
        ),
        migrations.CreateModel(
            name="TuningWorker",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "job",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="tuning_worker", to="jobs.job"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="workers", to="modeling.tuningstudy"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.CreateModel(
            name="TuningTrial",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("parameters", models.JSONField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("complete", "Complete"),
                            ("pruned", "Pruned"),
                            ("stopped", "Stopped"),
                            ("failed", "Failed"),
                        ],
                        default="running",
                        max_length=10,
                    ),
                ),
                (
                    "log_losses",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None),
                ),
                (
                    "roc_aucs",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), default=list, size=None),
                ),
                (
                    "n_trees",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), default=list, size=None
                    ),
                ),
                ("token", models.UUIDField()),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "institution",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trials", to="modeling.tuningstudy"
                    ),
                ),
                (
                    "worker",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="trials", to="modeling.tuningworker"
                    ),
                ),
            ],
            options={
                "ordering": ["number"],
            },
        ),
        migrations.AddConstraint(
            model_name="tuningstudy",
            constraint=models.CheckConstraint(
                condition=models.Q(("method__in", ["optuna", "grid"])), name="tuning_method_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="tuningstudy",
            constraint=models.CheckConstraint(
                condition=models.Q(("minutes__gt", 0), ("n_trials__gte", 1)), name="tuning_budget_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="tuningtrial",
            constraint=models.UniqueConstraint(fields=("study", "number"), name="one_trial_per_number"),
        ),
        migrations.AddConstraint(
            model_name="tuningtrial",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("state", "running")),
                    models.Q(
                        ("finished_at__isnull", False), ("state__in", ["complete", "pruned", "stopped", "failed"])
                    ),
                    _connector="OR",
                ),
                name="trial_finished_at_when_ended",
            ),
        ),
        row_security.by_institution("modeling_tuningstudy"),
        row_security.by_institution("modeling_tuningworker"),
        row_security.by_institution("modeling_tuningtrial"),
    ]
