from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("modeling", "0007_reports")]

    operations = [
        migrations.AddField("dataset", "said", models.JSONField(db_default={}, default=dict)),
    ]
