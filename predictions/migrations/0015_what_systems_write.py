"""Verdicts that another system told, and the answers kept for requests that come a second time."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import row_security


def key(to, **settings):
    settings = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "db_index": False} | settings
    return models.ForeignKey(to=to, **settings)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_audit_of_one_subject"), ("predictions", "0014_counsellor_of_the_list")]

    operations = [
        migrations.AddField("verdict", "api_client", key("accounts.apiclient", null=True)),
        migrations.AddConstraint(
            "verdict",
            models.CheckConstraint(
                condition=~models.Q(api_client__isnull=False, by__isnull=False), name="verdict_one_giver_at_most"
            ),
        ),
        migrations.CreateModel(
            name="IdempotentAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("institution", key("accounts.institution")),
                ("api_client", key("accounts.apiclient", on_delete=django.db.models.deletion.CASCADE)),
                ("key", models.CharField(max_length=200)),
                ("request_sha256", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("answer", models.TextField(blank=True, default="")),
            ],
            options={
                "indexes": [models.Index(fields=["api_client", "at"], name="idempotent_answer_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=["api_client", "key"], name="one_answer_per_idempotency_key")
                ],
            },
        ),
        row_security.by_institution("predictions_idempotentanswer"),
    ]
