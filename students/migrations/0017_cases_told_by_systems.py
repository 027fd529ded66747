"""A case is opened by a person or by another system, never by both."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_audit_of_one_subject"), ("students", "0016_measured_goal_of_help")]

    operations = [
        migrations.AddField(
            "datacase",
            "api_client",
            models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.apiclient",
            ),
        ),
        migrations.AlterField(
            "datacase",
            "opened_by",
            models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            "datacase",
            models.CheckConstraint(
                condition=~models.Q(api_client__isnull=False, opened_by__isnull=False),
                name="data_case_one_opener_at_most",
            ),
        ),
    ]
