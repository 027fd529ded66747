"""What MLflow was last told of a version, so that what it missed is seen without asking it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modeling", "0004_decisions_and_evaluations")]

    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="mlflow_alias",
            field=models.CharField(blank=True, default="", max_length=20),
        )
    ]
