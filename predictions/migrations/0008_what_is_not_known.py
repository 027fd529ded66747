from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("predictions", "0007_row_security_of_the_desk")]

    operations = [
        migrations.AddField(model_name="riskscore", name="unknown", field=models.JSONField(default=dict)),
    ]
