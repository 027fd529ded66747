"""Verdicts, cases and kept answers name systems of their own institution only."""

from django.db import migrations

from accounts import row_security


class Migration(migrations.Migration):
    dependencies = [("predictions", "0015_what_systems_write"), ("students", "0017_cases_told_by_systems")]

    operations = [
        row_security.keys_within_institution("predictions_idempotentanswer", "predictions_verdict", "students_datacase")
    ]
