"""A training may be asked for on a frozen dataset, with the configuration kept beside it."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0002_row_security"),
    ]

    operations = [
        migrations.AddField(
            model_name="trainingrun",
            name="config_yaml",
            field=models.TextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="trainingrun",
            name="dataset",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="training_runs",
                to="modeling.dataset",
            ),
        ),
    ]
