import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0004_decisions_and_evaluations"),
        ("predictions", "0003_rule_lists_and_previews"),
    ]

    operations = [
        migrations.AddField(
            model_name="scoringrun",
            name="rule_standing",
            field=models.JSONField(default=dict),
        ),
        migrations.AlterField(
            model_name="predictionlog",
            name="model_version",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="modeling.modelversion"
            ),
        ),
    ]
