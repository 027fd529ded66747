"""No job is done in chunks that are remembered one by one: it begins anew, or it is done."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("jobs", "0002_most_attempts")]

    operations = [migrations.DeleteModel("ChunkDone")]
